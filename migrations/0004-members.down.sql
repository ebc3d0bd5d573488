DROP INDEX ix_events_subject;
DROP TABLE kept_mails, disclosures, assisted_recoveries, registration_answers, invitation_uses, invitation_groups, invitations,
  links, pending_sign_ins, spent_proofs, recovery_codes, totp_secrets, passkeys, member_pictures, registration_questions;
DROP FUNCTION notify_factors_changed();
DROP FUNCTION has_second_factor(uuid);
ALTER TABLE memberships DROP COLUMN status_reason, DROP COLUMN pronouns;
ALTER TABLE person_emails DROP COLUMN proven_at;
DROP INDEX ix_persons_foreign_hash;
ALTER TABLE persons DROP COLUMN recovery_codes_made_at, DROP COLUMN deletion_due_at, DROP COLUMN password_short;
ALTER TABLE communities DROP COLUMN recovery_delay_hours, DROP COLUMN second_factor_from, DROP COLUMN second_factor;
