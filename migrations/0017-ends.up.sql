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

-- What was told of which end: one that is changed is told of anew, and one only once, whoever looks.
CREATE TABLE end_notices (
  community_id uuid NOT NULL,
  subject uuid NOT NULL,
  what text NOT NULL,
  group_id uuid,
  ends_at timestamptz NOT NULL,
  days smallint NOT NULL,
  told text NOT NULL,
  told_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT uq_end_notices UNIQUE NULLS NOT DISTINCT (community_id, subject, what, group_id, ends_at, days, told),
  CONSTRAINT fk_end_notices_membership FOREIGN KEY (community_id, subject) REFERENCES memberships (community_id, subject) ON DELETE CASCADE,
  CONSTRAINT fk_end_notices_group FOREIGN KEY (community_id, group_id) REFERENCES groups (community_id, id) ON DELETE CASCADE,
  CONSTRAINT ck_end_notices_what CHECK (what IN ('membership', 'role', 'group') AND (what = 'group') = (group_id IS NOT NULL)),
  CONSTRAINT ck_end_notices_days CHECK (days IN (30, 7, 1)),
  CONSTRAINT ck_end_notices_told CHECK (told IN ('member', 'admins'))
);
CREATE INDEX ix_end_notices_ends_at ON end_notices (ends_at);
CREATE INDEX ix_end_notices_group ON end_notices (community_id, group_id) WHERE group_id IS NOT NULL;

-- When a community's admins were last written to of ends that are near: at most once a day.
CREATE TABLE end_digests (
  community_id uuid NOT NULL,
  sent_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_end_digests PRIMARY KEY (community_id),
  CONSTRAINT fk_end_digests_community FOREIGN KEY (community_id) REFERENCES communities (id) ON DELETE CASCADE
);
