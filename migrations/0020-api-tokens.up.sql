-- What programs show to the API: of a community, or of the hub where `community_id` is null. Whoever made one
-- vouches for it; what the command line made is the operator's word.
CREATE TABLE api_tokens (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  community_id uuid,
  name text NOT NULL,
  token_hash bytea NOT NULL,
  scopes text[] NOT NULL,
  created_by uuid,
  -- What they were then: a token never does more than whoever made it could.
  created_as text,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  last_used_at timestamptz,
  revoked_at timestamptz,
  CONSTRAINT pk_api_tokens PRIMARY KEY (id),
  CONSTRAINT uq_api_tokens_community UNIQUE (community_id, id),
  CONSTRAINT uq_api_tokens_hash UNIQUE (token_hash),
  CONSTRAINT fk_api_tokens_community FOREIGN KEY (community_id) REFERENCES communities (id) ON DELETE CASCADE,
  CONSTRAINT fk_api_tokens_created_by FOREIGN KEY (community_id, created_by) REFERENCES memberships (community_id, subject),
  CONSTRAINT ck_api_tokens_name CHECK (name <> '' AND length(name) <= 100),
  CONSTRAINT ck_api_tokens_scopes CHECK (cardinality(scopes) > 0),
  CONSTRAINT ck_api_tokens_created_as CHECK ((created_by IS NULL) = (created_as IS NULL) AND created_as IN ('admin', 'owner')),
  CONSTRAINT ck_api_tokens_year CHECK (expires_at <= created_at + interval '366 days')
);
CREATE INDEX ix_api_tokens_expires_at ON api_tokens (expires_at);
CREATE INDEX ix_api_tokens_created_by ON api_tokens (community_id, created_by) WHERE created_by IS NOT NULL;

-- What a request with an `Idempotency-Key` was answered, sealed, so that the same one sent again gets the same
-- answer and changes nothing: for a day.
CREATE TABLE api_answers (
  token_id uuid NOT NULL,
  key_hash bytea NOT NULL,
  community_id uuid,
  request_hash bytea NOT NULL,
  sealed_answer bytea NOT NULL,
  expires_at timestamptz NOT NULL,
  CONSTRAINT pk_api_answers PRIMARY KEY (token_id, key_hash),
  CONSTRAINT fk_api_answers_community FOREIGN KEY (community_id) REFERENCES communities (id) ON DELETE CASCADE,
  CONSTRAINT fk_api_answers_token FOREIGN KEY (community_id, token_id) REFERENCES api_tokens (community_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_api_answers_expires_at ON api_answers (expires_at);
