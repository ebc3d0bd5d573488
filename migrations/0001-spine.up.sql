-- The spine: communities and what is theirs, the people behind memberships, sign-in state, audit and outbox.
-- Every community-owned table carries community_id, and every reference between two such tables is a
-- composite foreign key that includes it: a reference across communities cannot be stored.

CREATE TABLE communities (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  slug text NOT NULL,
  name text NOT NULL,
  locale text NOT NULL DEFAULT 'fr',
  state text NOT NULL DEFAULT 'active',
  registration text NOT NULL DEFAULT 'closed',
  accent text,
  contact_email text,
  ldap_base text NOT NULL,
  ldap_password_bind boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_communities PRIMARY KEY (id),
  CONSTRAINT uq_communities_slug UNIQUE (slug),
  CONSTRAINT ck_communities_slug CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  CONSTRAINT ck_communities_locale CHECK (locale IN ('fr', 'en')),
  CONSTRAINT ck_communities_state CHECK (state IN ('active', 'frozen', 'moved', 'archived')),
  CONSTRAINT ck_communities_registration CHECK (registration IN ('open', 'approval', 'invitation', 'closed')),
  CONSTRAINT ck_communities_accent CHECK (accent ~ '^#[0-9a-f]{6}$')
);
CREATE UNIQUE INDEX uq_communities_ldap_base ON communities (lower(ldap_base));

CREATE TABLE community_logos (
  community_id uuid NOT NULL,
  media_type text NOT NULL,
  sha256 bytea NOT NULL,
  bytes bytea NOT NULL,
  CONSTRAINT pk_community_logos PRIMARY KEY (community_id),
  CONSTRAINT fk_community_logos_community FOREIGN KEY (community_id) REFERENCES communities (id) ON DELETE CASCADE,
  CONSTRAINT ck_community_logos_media_type CHECK (media_type IN ('image/svg+xml', 'image/png', 'image/jpeg', 'image/webp')),
  CONSTRAINT ck_community_logos_size CHECK (length(bytes) <= 262144)
);

CREATE TABLE community_hosts (
  community_id uuid NOT NULL,
  host text NOT NULL,
  position integer NOT NULL DEFAULT 0,
  CONSTRAINT pk_community_hosts PRIMARY KEY (community_id, host),
  CONSTRAINT uq_community_hosts_host UNIQUE (host),
  CONSTRAINT fk_community_hosts_community FOREIGN KEY (community_id) REFERENCES communities (id) ON DELETE CASCADE,
  CONSTRAINT ck_community_hosts_host CHECK (host = lower(host) AND host ~ '^[a-z0-9.-]+(:[0-9]+)?$')
);

-- A person owns credentials. Nothing here names a community.
CREATE TABLE persons (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  password_hash text,
  password_changed_at timestamptz,
  locale text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_persons PRIMARY KEY (id),
  CONSTRAINT ck_persons_locale CHECK (locale IN ('fr', 'en'))
);

CREATE TABLE person_emails (
  person_id uuid NOT NULL,
  address text NOT NULL,
  verified_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_person_emails PRIMARY KEY (person_id, address),
  CONSTRAINT fk_person_emails_person FOREIGN KEY (person_id) REFERENCES persons (id) ON DELETE CASCADE,
  CONSTRAINT ck_person_emails_address CHECK (address LIKE '%_@_%' AND length(address) <= 254)
);

CREATE TABLE operators (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  person_id uuid NOT NULL,
  email text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_operators PRIMARY KEY (id),
  CONSTRAINT uq_operators_person UNIQUE (person_id),
  CONSTRAINT fk_operators_person FOREIGN KEY (person_id) REFERENCES persons (id)
);
CREATE UNIQUE INDEX uq_operators_email ON operators (lower(email));

CREATE TABLE operator_sessions (
  token_hash bytea NOT NULL,
  operator_id uuid NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  CONSTRAINT pk_operator_sessions PRIMARY KEY (token_hash),
  CONSTRAINT fk_operator_sessions_operator FOREIGN KEY (operator_id) REFERENCES operators (id) ON DELETE CASCADE
);

-- Facts of the hub itself, such as the hash of the token that opens /setup.
CREATE TABLE hub_settings (
  key text NOT NULL,
  value jsonb NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_hub_settings PRIMARY KEY (key)
);

-- username_key and email_key are the case-folded, NFKC-normalised forms that make names unique.
CREATE TABLE memberships (
  community_id uuid NOT NULL,
  subject uuid NOT NULL DEFAULT gen_random_uuid(),
  person_id uuid NOT NULL,
  username text NOT NULL,
  username_key text NOT NULL,
  display_name text NOT NULL,
  given_name text,
  family_name text,
  nickname text,
  email text,
  email_key text,
  locale text,
  zoneinfo text,
  role text NOT NULL DEFAULT 'member',
  status text NOT NULL DEFAULT 'active',
  origin text NOT NULL DEFAULT 'local',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_memberships PRIMARY KEY (community_id, subject),
  CONSTRAINT uq_memberships_subject UNIQUE (subject),
  CONSTRAINT uq_memberships_username UNIQUE (community_id, username_key),
  CONSTRAINT uq_memberships_email UNIQUE (community_id, email_key),
  CONSTRAINT uq_memberships_person UNIQUE (community_id, person_id),
  CONSTRAINT fk_memberships_community FOREIGN KEY (community_id) REFERENCES communities (id),
  CONSTRAINT fk_memberships_person FOREIGN KEY (person_id) REFERENCES persons (id),
  CONSTRAINT fk_memberships_email FOREIGN KEY (person_id, email) REFERENCES person_emails (person_id, address),
  CONSTRAINT ck_memberships_username CHECK (username <> '' AND length(username) <= 64 AND position('@' in username) = 0),
  CONSTRAINT ck_memberships_email_key CHECK ((email IS NULL) = (email_key IS NULL)),
  CONSTRAINT ck_memberships_role CHECK (role IN ('member', 'admin', 'owner')),
  CONSTRAINT ck_memberships_status CHECK (status IN ('requested', 'active', 'suspended', 'left')),
  CONSTRAINT ck_memberships_origin CHECK (origin = 'local' OR origin LIKE 'partnership:%'),
  CONSTRAINT ck_memberships_locale CHECK (locale IN ('fr', 'en'))
);
CREATE INDEX ix_memberships_person ON memberships (person_id);

CREATE TABLE groups (
  community_id uuid NOT NULL,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  name text NOT NULL,
  name_key text NOT NULL,
  description text,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_groups PRIMARY KEY (community_id, id),
  CONSTRAINT uq_groups_name UNIQUE (community_id, name_key),
  CONSTRAINT fk_groups_community FOREIGN KEY (community_id) REFERENCES communities (id),
  CONSTRAINT ck_groups_name CHECK (name <> '' AND length(name) <= 128)
);

CREATE TABLE group_members (
  community_id uuid NOT NULL,
  group_id uuid NOT NULL,
  subject uuid NOT NULL,
  CONSTRAINT pk_group_members PRIMARY KEY (community_id, group_id, subject),
  CONSTRAINT fk_group_members_group FOREIGN KEY (community_id, group_id) REFERENCES groups (community_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_group_members_membership FOREIGN KEY (community_id, subject) REFERENCES memberships (community_id, subject) ON DELETE CASCADE
);
CREATE INDEX ix_group_members_subject ON group_members (community_id, subject);

-- child is inside parent: whoever is in the child is in the parent.
CREATE TABLE group_nestings (
  community_id uuid NOT NULL,
  parent_id uuid NOT NULL,
  child_id uuid NOT NULL,
  CONSTRAINT pk_group_nestings PRIMARY KEY (community_id, parent_id, child_id),
  CONSTRAINT fk_group_nestings_parent FOREIGN KEY (community_id, parent_id) REFERENCES groups (community_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_group_nestings_child FOREIGN KEY (community_id, child_id) REFERENCES groups (community_id, id) ON DELETE CASCADE,
  CONSTRAINT ck_group_nestings_self CHECK (parent_id <> child_id)
);
CREATE INDEX ix_group_nestings_child ON group_nestings (community_id, child_id);

CREATE TABLE services (
  community_id uuid NOT NULL,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  slug text NOT NULL,
  recipe text NOT NULL,
  name text NOT NULL,
  description text,
  icon text,
  url text,
  trust text NOT NULL DEFAULT 'first-party',
  access text NOT NULL DEFAULT 'everyone',
  position integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_services PRIMARY KEY (community_id, id),
  CONSTRAINT uq_services_slug UNIQUE (community_id, slug),
  CONSTRAINT fk_services_community FOREIGN KEY (community_id) REFERENCES communities (id),
  CONSTRAINT ck_services_slug CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  CONSTRAINT ck_services_trust CHECK (trust IN ('first-party', 'third-party')),
  CONSTRAINT ck_services_access CHECK (access IN ('everyone', 'groups', 'approval'))
);

CREATE TABLE service_access_groups (
  community_id uuid NOT NULL,
  service_id uuid NOT NULL,
  group_id uuid NOT NULL,
  CONSTRAINT pk_service_access_groups PRIMARY KEY (community_id, service_id, group_id),
  CONSTRAINT fk_service_access_groups_service FOREIGN KEY (community_id, service_id) REFERENCES services (community_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_service_access_groups_group FOREIGN KEY (community_id, group_id) REFERENCES groups (community_id, id) ON DELETE CASCADE
);

-- The OpenID Connect client of a service. issuer is the one that the service was registered with.
CREATE TABLE service_clients (
  community_id uuid NOT NULL,
  service_id uuid NOT NULL,
  client_id text NOT NULL,
  sealed_secret bytea,
  issuer text NOT NULL,
  redirect_uris text[] NOT NULL DEFAULT '{}',
  post_logout_redirect_uris text[] NOT NULL DEFAULT '{}',
  backchannel_logout_uri text,
  initiate_login_uri text,
  grant_types text[] NOT NULL DEFAULT '{authorization_code,refresh_token}',
  token_endpoint_auth_method text NOT NULL DEFAULT 'client_secret_basic',
  id_token_signed_response_alg text NOT NULL DEFAULT 'RS256',
  scopes text[] NOT NULL DEFAULT '{openid,profile,email}',
  claims_in text NOT NULL DEFAULT 'both',
  require_pkce boolean NOT NULL DEFAULT false,
  CONSTRAINT pk_service_clients PRIMARY KEY (community_id, service_id),
  CONSTRAINT uq_service_clients_client_id UNIQUE (community_id, client_id),
  CONSTRAINT fk_service_clients_service FOREIGN KEY (community_id, service_id) REFERENCES services (community_id, id) ON DELETE CASCADE,
  CONSTRAINT ck_service_clients_client_id CHECK (client_id ~ '^[\x21-\x7e]{1,255}$'),
  CONSTRAINT ck_service_clients_auth CHECK (token_endpoint_auth_method IN ('client_secret_basic', 'client_secret_post', 'none')),
  CONSTRAINT ck_service_clients_secret CHECK ((token_endpoint_auth_method = 'none') = (sealed_secret IS NULL)),
  CONSTRAINT ck_service_clients_alg CHECK (id_token_signed_response_alg IN ('RS256', 'ES256')),
  CONSTRAINT ck_service_clients_claims_in CHECK (claims_in IN ('id_token', 'userinfo', 'both'))
);

-- The LDAP reader of a service; its secret is high-entropy or given, so it is kept as an Argon2id hash.
CREATE TABLE service_readers (
  community_id uuid NOT NULL,
  service_id uuid NOT NULL,
  password_hash text NOT NULL,
  CONSTRAINT pk_service_readers PRIMARY KEY (community_id, service_id),
  CONSTRAINT fk_service_readers_service FOREIGN KEY (community_id, service_id) REFERENCES services (community_id, id) ON DELETE CASCADE
);

CREATE TABLE accounts (
  community_id uuid NOT NULL,
  service_id uuid NOT NULL,
  subject uuid NOT NULL,
  state text NOT NULL,
  remote_id text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_accounts PRIMARY KEY (community_id, service_id, subject),
  CONSTRAINT fk_accounts_service FOREIGN KEY (community_id, service_id) REFERENCES services (community_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_accounts_membership FOREIGN KEY (community_id, subject) REFERENCES memberships (community_id, subject) ON DELETE CASCADE,
  CONSTRAINT ck_accounts_state CHECK (state IN ('requested', 'active', 'blocked', 'removed'))
);
CREATE INDEX ix_accounts_subject ON accounts (community_id, subject);

-- What a member was shown (first-party) or agreed to (third-party), once per service.
CREATE TABLE consents (
  community_id uuid NOT NULL,
  service_id uuid NOT NULL,
  subject uuid NOT NULL,
  kind text NOT NULL,
  scopes text[] NOT NULL,
  claims text[] NOT NULL DEFAULT '{}',
  given_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT ck_consents_kind CHECK (kind IN ('notice', 'consent')),
  CONSTRAINT pk_consents PRIMARY KEY (community_id, service_id, subject),
  CONSTRAINT fk_consents_service FOREIGN KEY (community_id, service_id) REFERENCES services (community_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_consents_membership FOREIGN KEY (community_id, subject) REFERENCES memberships (community_id, subject) ON DELETE CASCADE
);
CREATE INDEX ix_consents_subject ON consents (community_id, subject);

-- Signing keys. Published from created_at to expires_at; sign from activates_at to retires_at.
CREATE TABLE signing_keys (
  community_id uuid NOT NULL,
  kid text NOT NULL,
  alg text NOT NULL,
  public_jwk jsonb NOT NULL,
  sealed_private_jwk bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  activates_at timestamptz NOT NULL,
  retires_at timestamptz,
  expires_at timestamptz,
  CONSTRAINT pk_signing_keys PRIMARY KEY (community_id, kid),
  CONSTRAINT fk_signing_keys_community FOREIGN KEY (community_id) REFERENCES communities (id) ON DELETE CASCADE,
  CONSTRAINT ck_signing_keys_alg CHECK (alg IN ('RS256', 'ES256')),
  CONSTRAINT ck_signing_keys_times CHECK (retires_at IS NULL OR (retires_at >= activates_at AND expires_at > retires_at))
);

-- Browser sessions of members at one issuer; id_hash is the SHA-256 of the cookie's identifier.
CREATE TABLE sessions (
  community_id uuid NOT NULL,
  id_hash bytea NOT NULL,
  uid text NOT NULL,
  subject uuid,
  issuer text NOT NULL,
  payload jsonb NOT NULL,
  user_agent text,
  ip inet,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  CONSTRAINT pk_sessions PRIMARY KEY (community_id, id_hash),
  CONSTRAINT uq_sessions_uid UNIQUE (community_id, uid),
  CONSTRAINT fk_sessions_community FOREIGN KEY (community_id) REFERENCES communities (id) ON DELETE CASCADE,
  CONSTRAINT fk_sessions_membership FOREIGN KEY (community_id, subject) REFERENCES memberships (community_id, subject) ON DELETE CASCADE
);
CREATE INDEX ix_sessions_subject ON sessions (community_id, subject) WHERE subject IS NOT NULL;
CREATE INDEX ix_sessions_expires_at ON sessions (expires_at);

-- Codes, tokens, grants, interactions and the like; id_hash is the SHA-256 of the bearer's value.
CREATE TABLE oidc_artifacts (
  community_id uuid NOT NULL,
  kind text NOT NULL,
  id_hash bytea NOT NULL,
  grant_id_hash bytea,
  subject uuid,
  client_id text,
  session_uid text,
  user_code_hash bytea,
  payload jsonb NOT NULL,
  consumed_at timestamptz,
  expires_at timestamptz,
  CONSTRAINT pk_oidc_artifacts PRIMARY KEY (community_id, kind, id_hash),
  CONSTRAINT fk_oidc_artifacts_community FOREIGN KEY (community_id) REFERENCES communities (id) ON DELETE CASCADE,
  CONSTRAINT fk_oidc_artifacts_membership FOREIGN KEY (community_id, subject) REFERENCES memberships (community_id, subject) ON DELETE CASCADE
);
CREATE INDEX ix_oidc_artifacts_grant ON oidc_artifacts (community_id, grant_id_hash) WHERE grant_id_hash IS NOT NULL;
CREATE INDEX ix_oidc_artifacts_subject ON oidc_artifacts (community_id, subject) WHERE subject IS NOT NULL;
CREATE INDEX ix_oidc_artifacts_expires_at ON oidc_artifacts (expires_at);
CREATE UNIQUE INDEX uq_oidc_artifacts_user_code ON oidc_artifacts (community_id, user_code_hash) WHERE user_code_hash IS NOT NULL;

-- The audit trail; community_id is null for events of the hub.
CREATE TABLE events (
  id bigint GENERATED ALWAYS AS IDENTITY,
  community_id uuid,
  at timestamptz NOT NULL DEFAULT now(),
  type text NOT NULL,
  actor text NOT NULL,
  subject uuid,
  -- No reference: the trail goes on telling of a service that is gone (docs/decisions/0008-audit-trail-and-throttles.md).
  service_id uuid,
  details jsonb NOT NULL DEFAULT '{}',
  CONSTRAINT pk_events PRIMARY KEY (id),
  CONSTRAINT fk_events_community FOREIGN KEY (community_id) REFERENCES communities (id) ON DELETE CASCADE,
  CONSTRAINT fk_events_membership FOREIGN KEY (community_id, subject) REFERENCES memberships (community_id, subject),
  CONSTRAINT ck_events_scope CHECK (community_id IS NOT NULL OR (subject IS NULL AND service_id IS NULL))
);
CREATE INDEX ix_events_community ON events (community_id, id);

CREATE TABLE outbox (
  id bigint GENERATED ALWAYS AS IDENTITY,
  community_id uuid,
  kind text NOT NULL,
  payload jsonb NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL DEFAULT now(),
  last_error text,
  done_at timestamptz,
  failed_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_outbox PRIMARY KEY (id),
  CONSTRAINT fk_outbox_community FOREIGN KEY (community_id) REFERENCES communities (id) ON DELETE CASCADE
);
CREATE INDEX ix_outbox_due ON outbox (next_attempt_at) WHERE done_at IS NULL AND failed_at IS NULL;

-- Sign-in throttles; the columns are those of the rate limiter's library. Keys are hashes.
CREATE TABLE throttles (
  key text NOT NULL,
  points integer NOT NULL DEFAULT 0,
  expire bigint,
  CONSTRAINT pk_throttles PRIMARY KEY (key)
);

-- Every writer, psql included, tells every process that the settings of a community changed.
CREATE FUNCTION notify_community_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('trousseau_community', COALESCE(
    CASE WHEN TG_TABLE_NAME = 'communities'
      THEN to_jsonb(COALESCE(NEW, OLD)) ->> 'id'
      ELSE to_jsonb(COALESCE(NEW, OLD)) ->> 'community_id' END, ''));
  RETURN NULL;
END $$;

CREATE TRIGGER tr_communities_changed AFTER INSERT OR UPDATE OR DELETE ON communities FOR EACH ROW EXECUTE FUNCTION notify_community_changed();
CREATE TRIGGER tr_community_logos_changed AFTER INSERT OR UPDATE OR DELETE ON community_logos FOR EACH ROW EXECUTE FUNCTION notify_community_changed();
CREATE TRIGGER tr_community_hosts_changed AFTER INSERT OR UPDATE OR DELETE ON community_hosts FOR EACH ROW EXECUTE FUNCTION notify_community_changed();
CREATE TRIGGER tr_services_changed AFTER INSERT OR UPDATE OR DELETE ON services FOR EACH ROW EXECUTE FUNCTION notify_community_changed();
CREATE TRIGGER tr_service_clients_changed AFTER INSERT OR UPDATE OR DELETE ON service_clients FOR EACH ROW EXECUTE FUNCTION notify_community_changed();
CREATE TRIGGER tr_service_access_groups_changed AFTER INSERT OR UPDATE OR DELETE ON service_access_groups FOR EACH ROW EXECUTE FUNCTION notify_community_changed();
CREATE TRIGGER tr_groups_changed AFTER INSERT OR UPDATE OR DELETE ON groups FOR EACH ROW EXECUTE FUNCTION notify_community_changed();
CREATE TRIGGER tr_group_nestings_changed AFTER INSERT OR UPDATE OR DELETE ON group_nestings FOR EACH ROW EXECUTE FUNCTION notify_community_changed();
CREATE TRIGGER tr_signing_keys_changed AFTER INSERT OR UPDATE OR DELETE ON signing_keys FOR EACH ROW EXECUTE FUNCTION notify_community_changed();

-- Due work wakes the workers at once.
CREATE FUNCTION notify_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('trousseau_outbox', '');
  RETURN NULL;
END $$;
CREATE TRIGGER tr_outbox_added AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION notify_outbox();

-- Ends the statement that stores a sign-in's outcome when something it must use up is no longer there
-- (a code, a refresh token or an interaction used twice, a session that was ended meanwhile).
CREATE FUNCTION require_rows(what text, expected integer, actual bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF actual <> expected THEN
    RAISE EXCEPTION USING ERRCODE = 'TR001', MESSAGE = what || ': expected ' || expected || ' rows, found ' || actual;
  END IF;
  RETURN true;
END $$;
