-- Operators have second factors like everybody; whoever has one signs in to the console with it.

-- What a session was opened with (RFC 8176): one that a password alone opened ends to count with the first factor.
ALTER TABLE operator_sessions ADD COLUMN amr text[] NOT NULL DEFAULT '{pwd}';

-- An operator's sign-in between the password and the second factor; the browser holds the token whose hash
-- this is.
CREATE TABLE pending_operator_sign_ins (
  token_hash bytea NOT NULL,
  operator_id uuid NOT NULL,
  -- What it began with: a new password ends it.
  password_hash text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  CONSTRAINT pk_pending_operator_sign_ins PRIMARY KEY (token_hash),
  CONSTRAINT fk_pending_operator_sign_ins_operator FOREIGN KEY (operator_id) REFERENCES operators (id) ON DELETE CASCADE
);
CREATE INDEX ix_pending_operator_sign_ins_operator ON pending_operator_sign_ins (operator_id);
CREATE INDEX ix_pending_operator_sign_ins_expires_at ON pending_operator_sign_ins (expires_at);
