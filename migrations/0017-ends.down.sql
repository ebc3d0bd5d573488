DROP TABLE end_digests;
DROP TABLE end_notices;
DROP INDEX ix_group_members_until;
DROP INDEX ix_memberships_role_until;
DROP INDEX ix_memberships_until;
ALTER TABLE group_members DROP COLUMN until;
-- Whoever's membership ended stays suspended, by nobody's word.
UPDATE memberships SET status_reason = NULL WHERE status_reason = 'ended';
ALTER TABLE memberships
  DROP CONSTRAINT ck_memberships_role_until,
  DROP CONSTRAINT ck_memberships_status_reason,
  ADD CONSTRAINT ck_memberships_status_reason CHECK (status_reason IS NULL OR (status_reason = 'deletion' AND status = 'suspended')),
  DROP COLUMN role_until,
  DROP COLUMN until;
