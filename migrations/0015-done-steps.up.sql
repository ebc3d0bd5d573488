-- What a browser has just done, so that the same form sent again is led where the first answer led: for ten
-- minutes. The key is a hash of the browser's own cookie and of the step, the answer, and whose it is, are sealed.
CREATE TABLE done_steps (
  community_id uuid NOT NULL,
  key bytea NOT NULL,
  browser_hash bytea NOT NULL,
  sealed_answer bytea NOT NULL,
  done_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  CONSTRAINT pk_done_steps PRIMARY KEY (community_id, key),
  CONSTRAINT fk_done_steps_community FOREIGN KEY (community_id) REFERENCES communities (id) ON DELETE CASCADE
);
CREATE INDEX ix_done_steps_browser ON done_steps (community_id, browser_hash, done_at);
CREATE INDEX ix_done_steps_expires_at ON done_steps (expires_at);

-- A code counts once, and for the one sign-in that it was typed in as often as that form is sent.
ALTER TABLE totp_secrets ADD COLUMN last_used_for bytea;
ALTER TABLE recovery_codes ADD COLUMN used_for bytea;

-- Recovery codes are shown once: until the sign-in that made them goes on, to a form sent twice as well.
ALTER TABLE pending_sign_ins ADD COLUMN sealed_codes bytea;
