-- What a member is found and sorted by: name, username and address without accents and ASCII capitals. What
-- other letters have of capitals is left to the search itself: lower() of anything else depends on the locale.
ALTER TABLE memberships ADD COLUMN search_key text COLLATE "C" NOT NULL GENERATED ALWAYS AS (
  lower(regexp_replace(normalize(display_name || ' ' || username || ' ' || COALESCE(email, ''), NFD), '[\u0300-\u036f]', '', 'g') COLLATE "C")
) STORED;
-- A name may be longer than an index entry.
CREATE INDEX ix_memberships_search ON memberships (community_id, left(search_key, 200), subject);
CREATE INDEX ix_memberships_created_at ON memberships (community_id, created_at, subject);

-- Who has a second factor, and how many: of one person, and of all.
CREATE VIEW second_factors AS
  SELECT person_id FROM passkeys
  UNION ALL SELECT person_id FROM totp_secrets WHERE confirmed_at IS NOT NULL;
CREATE OR REPLACE FUNCTION has_second_factor(who uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM second_factors WHERE person_id = who)
$$;

-- For the picture of a month's sign-ins.
CREATE INDEX ix_events_sign_ins ON events (community_id, at) WHERE type = 'member.signed-in';
-- For the services that do not hear of sign-outs.
CREATE INDEX ix_outbox_logouts ON outbox (community_id, created_at) WHERE kind = 'backchannel-logout';
-- The journal without what happens all day long: `JOURNAL_ROUTINE` says the same.
CREATE INDEX ix_events_changes ON events (community_id, id)
  WHERE type NOT IN ('member.signed-in', 'member.signed-out', 'sign-in.failed', 'sign-in.throttled', 'consent.given');
