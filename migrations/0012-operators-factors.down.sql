DROP TABLE pending_operator_sign_ins;
-- What one factor opened while there were two to ask for is not to open again.
DELETE FROM operator_sessions WHERE NOT ('mfa' = ANY(amr));
ALTER TABLE operator_sessions DROP COLUMN amr;
