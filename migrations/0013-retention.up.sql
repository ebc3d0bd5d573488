-- What the clean-up looks for, oldest first: without these it would read whole tables every ten minutes.
CREATE INDEX ix_operator_sessions_expires_at ON operator_sessions (expires_at);
CREATE INDEX ix_signing_keys_expires_at ON signing_keys (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX ix_throttles_expire ON throttles (expire);
CREATE INDEX ix_outbox_done_at ON outbox (done_at) WHERE done_at IS NOT NULL;
CREATE INDEX ix_outbox_failed_at ON outbox (failed_at) WHERE failed_at IS NOT NULL;
CREATE INDEX ix_invitations_expires_at ON invitations (expires_at);
CREATE INDEX ix_assisted_recoveries_ended_at ON assisted_recoveries (ended_at) WHERE ended_at IS NOT NULL;

-- Of the trail, all but the two types that rules rest on (src/domain/retention/growth.ts).
CREATE INDEX ix_events_at ON events (at) WHERE type NOT IN ('member.deleted', 'member.refused');
