-- What a rescue closes stays closed, and invitations end with the role of those who made them.

-- Since when no address counts for this person but one that they proved themselves: two admins gave the
-- account back, and whoever had the mailbox before may have it still.
ALTER TABLE persons ADD COLUMN given_back_at timestamptz;
UPDATE persons p SET given_back_at = r.ended_at
FROM assisted_recoveries r JOIN memberships m ON m.community_id = r.community_id AND m.subject = r.subject
WHERE r.outcome = 'done' AND p.id = m.person_id;

-- Sign-ins on their way end with what they rest on.
CREATE INDEX ix_pending_sign_ins_subject ON pending_sign_ins (community_id, subject);

-- Invitations of a day that were sent by mail, which are limited.
CREATE INDEX ix_invitations_sent ON invitations (created_at) WHERE email IS NOT NULL;
CREATE INDEX ix_invitations_created_by ON invitations (community_id, created_by) WHERE revoked_at IS NULL;

-- Those of members who have lost the role would open again if they got it back.
UPDATE invitations i SET revoked_at = now()
WHERE i.revoked_at IS NULL AND i.created_by IS NOT NULL AND NOT EXISTS (
  SELECT FROM memberships v WHERE v.community_id = i.community_id AND v.subject = i.created_by
    AND v.status = 'active' AND (v.role = 'owner' OR (v.role = 'admin' AND i.role = 'member')));
