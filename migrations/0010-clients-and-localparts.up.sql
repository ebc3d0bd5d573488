-- What a client is and how it proves itself is said, not guessed; what stays open after a sign-out is
-- known; and members have a localpart: a name for apps that take nothing but lower-case ASCII.

ALTER TABLE service_clients
  ADD COLUMN kind text NOT NULL DEFAULT 'web',
  -- Plain http in private networks for a native client.
  ADD COLUMN lan_http boolean NOT NULL DEFAULT false,
  -- Whether token_endpoint_auth_method is the only one that is taken.
  ADD COLUMN auth_only boolean NOT NULL DEFAULT false,
  -- Whether the client is told of a sign-out that it asked for itself.
  ADD COLUMN backchannel_logout_to_initiator boolean NOT NULL DEFAULT false;

-- Clients from before go on as they were taken then.
UPDATE service_clients SET kind = 'native'
WHERE EXISTS (SELECT FROM unnest(redirect_uris) AS u (uri) WHERE uri !~ '^https?:')
   OR (token_endpoint_auth_method = 'none' AND redirect_uris <> '{}'
       AND NOT EXISTS (SELECT FROM unnest(redirect_uris || post_logout_redirect_uris) AS u (uri)
                       WHERE uri !~ '^http://(127\.0\.0\.1|\[::1\])[:/]'));

ALTER TABLE service_clients
  ADD CONSTRAINT ck_service_clients_kind CHECK (kind IN ('web', 'spa', 'native')),
  ADD CONSTRAINT ck_service_clients_spa CHECK (kind <> 'spa' OR token_endpoint_auth_method = 'none');

ALTER TABLE services
  -- How long the app's own session lasts, as far as the community knows.
  ADD COLUMN session_hours integer,
  ADD CONSTRAINT ck_services_session_hours CHECK (session_hours BETWEEN 1 AND 8760);

-- Localparts of people who are forgotten: nobody else gets them, and nobody reads whose they were.
CREATE TABLE spent_localparts (
  community_id uuid NOT NULL,
  localpart_hash bytea NOT NULL,
  CONSTRAINT pk_spent_localparts PRIMARY KEY (community_id, localpart_hash),
  CONSTRAINT fk_spent_localparts_community FOREIGN KEY (community_id) REFERENCES communities (id) ON DELETE CASCADE
);

-- A folded username in letters that every app takes: accents fall, Greek and Cyrillic are spelled out,
-- what is left over is dropped. Empty when nothing comes of it. Apps read digits alone, or a sign at the
-- beginning, as something else than a name, so that there is neither.
CREATE FUNCTION localpart_base(username_key text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  spelled text := username_key;
  pair text[];
BEGIN
  IF octet_length(spelled) <> length(spelled) THEN
    spelled := regexp_replace(normalize(spelled, NFKD), '[\u0300-\u036f]+', '', 'g');
  END IF;
  IF octet_length(spelled) <> length(spelled) THEN
    FOREACH pair SLICE 1 IN ARRAY ARRAY[
      ['ß', 'ss'], ['æ', 'ae'], ['œ', 'oe'], ['þ', 'th'], ['ŋ', 'ng'],
      ['θ', 'th'], ['ξ', 'x'], ['χ', 'ch'], ['ψ', 'ps'],
      ['ж', 'zh'], ['х', 'kh'], ['ц', 'ts'], ['ч', 'ch'], ['щ', 'shch'], ['ш', 'sh'], ['ю', 'iu'], ['я', 'ia'],
      ['є', 'ie'], ['љ', 'lj'], ['њ', 'nj'], ['џ', 'dz'], ['ђ', 'dj']] LOOP
      spelled := replace(spelled, pair[1], pair[2]);
    END LOOP;
    spelled := translate(spelled,
      'øłđðħıŧƒəĸ' || 'αβγδεζηικλμνοπρσςτυφω' || 'абвгдезиклмнопрстуфыэіґјћ',
      'oldhhitfek' || 'avgdeziiklmnoprsstyfo' || 'abvgdeziklmnoprstufyeigjc');
  END IF;
  spelled := btrim(left(regexp_replace(spelled, '[^a-z0-9._-]+', '', 'g'), 64), '._-');
  RETURN CASE WHEN spelled ~ '[a-z]' THEN spelled WHEN spelled <> '' THEN 'm' || spelled ELSE '' END;
END $$;

-- A localpart that nobody of the community has or had. Who would have the same gets a number after it.
CREATE FUNCTION free_localpart(community uuid, member uuid, username_key text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  base text := localpart_base(username_key);
  candidate text;
BEGIN
  FOR attempt IN 1..12 LOOP
    candidate := CASE
      -- The subject is nobody else's: what is made of it is free sooner or later.
      WHEN attempt = 12 THEN 'm' || replace(member::text, '-', '')
      WHEN base = '' OR attempt > 9 THEN COALESCE(NULLIF(base, '') || '-', 'm')
        || substr(replace(member::text, '-', ''), 1, 4 * (1 + attempt % 3))
      WHEN attempt = 1 THEN base
      ELSE base || '-' || attempt END;
    IF NOT EXISTS (SELECT FROM memberships m WHERE m.community_id = community AND m.localpart = candidate)
       AND NOT EXISTS (SELECT FROM spent_localparts s
                       WHERE s.community_id = community AND s.localpart_hash = sha256(candidate::bytea)) THEN
      RETURN candidate;
    END IF;
  END LOOP;
  RAISE EXCEPTION 'no localpart is free for %', member;
END $$;

ALTER TABLE memberships ADD COLUMN localpart text;

-- Like the default of a column, which cannot look at the others: every membership has one from the first
-- moment on, whoever writes it. Those who write at once take turns, until their transactions end.
CREATE FUNCTION give_localpart() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.localpart IS NULL THEN
    PERFORM pg_advisory_xact_lock(hashtextextended('localparts:' || NEW.community_id, 0));
    NEW.localpart := free_localpart(NEW.community_id, NEW.subject, NEW.username_key);
  END IF;
  RETURN NEW;
END $$;

-- Apps know accounts by it: it changes for nothing, and goes only when the person is forgotten.
CREATE FUNCTION keep_localpart() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.localpart IS NULL THEN
    INSERT INTO spent_localparts VALUES (OLD.community_id, sha256(OLD.localpart::bytea)) ON CONFLICT DO NOTHING;
    RETURN NEW;
  END IF;
  RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = 'a localpart never changes';
END $$;

ALTER TABLE memberships DISABLE TRIGGER USER;
CREATE INDEX ix_memberships_localpart_backfill ON memberships (community_id, localpart);
DO $$
DECLARE
  member record;
BEGIN
  FOR member IN SELECT community_id, subject, username_key FROM memberships ORDER BY created_at, username_key LOOP
    UPDATE memberships SET localpart = free_localpart(member.community_id, member.subject, member.username_key)
    WHERE community_id = member.community_id AND subject = member.subject;
  END LOOP;
END $$;
ALTER TABLE memberships ENABLE TRIGGER USER;
DROP INDEX ix_memberships_localpart_backfill;

ALTER TABLE memberships
  ADD CONSTRAINT uq_memberships_localpart UNIQUE (community_id, localpart),
  ADD CONSTRAINT ck_memberships_localpart CHECK (localpart ~ '^[a-z0-9][a-z0-9._=/-]{0,127}$' AND localpart ~ '[a-z]');

CREATE TRIGGER tr_memberships_localpart_given BEFORE INSERT ON memberships
  FOR EACH ROW EXECUTE FUNCTION give_localpart();
CREATE TRIGGER tr_memberships_localpart_kept BEFORE UPDATE OF localpart ON memberships
  FOR EACH ROW WHEN (OLD.localpart IS NOT NULL AND OLD.localpart IS DISTINCT FROM NEW.localpart)
  EXECUTE FUNCTION keep_localpart();
