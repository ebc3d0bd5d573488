DROP INDEX ix_events_changes;
DROP INDEX ix_outbox_logouts;
DROP INDEX ix_events_sign_ins;
CREATE OR REPLACE FUNCTION has_second_factor(who uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM passkeys WHERE person_id = who)
      OR EXISTS (SELECT 1 FROM totp_secrets WHERE person_id = who AND confirmed_at IS NOT NULL)
$$;
DROP VIEW second_factors;
DROP INDEX ix_memberships_created_at;
DROP INDEX ix_memberships_search;
ALTER TABLE memberships DROP COLUMN search_key;
