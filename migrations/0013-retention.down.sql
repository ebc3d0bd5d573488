DROP INDEX ix_events_at;
DROP INDEX ix_assisted_recoveries_ended_at;
DROP INDEX ix_invitations_expires_at;
DROP INDEX ix_outbox_failed_at;
DROP INDEX ix_outbox_done_at;
DROP INDEX ix_throttles_expire;
DROP INDEX ix_signing_keys_expires_at;
DROP INDEX ix_operator_sessions_expires_at;
