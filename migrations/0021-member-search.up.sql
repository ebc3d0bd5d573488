-- What a member is found and sorted by: name, username and address without accents and ASCII capitals. What
-- other letters have of capitals is left to the search itself: lower() of anything else depends on the locale.
ALTER TABLE memberships ADD COLUMN search_key text COLLATE "C" NOT NULL GENERATED ALWAYS AS (
  lower(regexp_replace(normalize(display_name || ' ' || username || ' ' || COALESCE(email, ''), NFD), '[\u0300-\u036f]', '', 'g') COLLATE "C")
) STORED;
-- A name may be longer than an index entry.
CREATE INDEX ix_memberships_search ON memberships (community_id, left(search_key, 200), subject);
CREATE INDEX ix_memberships_created_at ON memberships (community_id, created_at, subject);
