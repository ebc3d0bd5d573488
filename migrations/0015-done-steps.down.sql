ALTER TABLE pending_sign_ins DROP COLUMN sealed_codes;
ALTER TABLE recovery_codes DROP COLUMN used_for;
ALTER TABLE totp_secrets DROP COLUMN last_used_for;
DROP TABLE done_steps;
