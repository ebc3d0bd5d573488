DROP INDEX ix_invitations_created_by;
DROP INDEX ix_invitations_sent;
DROP INDEX ix_pending_sign_ins_subject;
ALTER TABLE persons DROP COLUMN given_back_at;
