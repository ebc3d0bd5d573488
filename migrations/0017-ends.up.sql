-- Memberships, roles and places in groups may end by themselves (decision 49).
ALTER TABLE memberships
  ADD COLUMN until timestamptz,
  ADD COLUMN role_until timestamptz,
  DROP CONSTRAINT ck_memberships_status_reason,
  ADD CONSTRAINT ck_memberships_status_reason
    CHECK (status_reason IS NULL OR (status_reason IN ('deletion', 'ended') AND status = 'suspended')),
  ADD CONSTRAINT ck_memberships_role_until CHECK (role_until IS NULL OR role <> 'member');
ALTER TABLE group_members ADD COLUMN until timestamptz;

-- What the worker asks for: most rows have no end, and are in none of these.
CREATE INDEX ix_memberships_until ON memberships (until) WHERE until IS NOT NULL AND status = 'active';
CREATE INDEX ix_memberships_role_until ON memberships (role_until) WHERE role_until IS NOT NULL;
CREATE INDEX ix_group_members_until ON group_members (until) WHERE until IS NOT NULL;
