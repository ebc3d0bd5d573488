-- The member's side: second factors, ways in, recovery, what services received, messages, the way out.

-- What a community asks of its members, and how they come in. A member whom second_factor names must
-- have one from second_factor_from on (at once where that is null).
ALTER TABLE communities
  ADD COLUMN second_factor text NOT NULL DEFAULT 'optional',
  ADD COLUMN second_factor_from timestamptz,
  -- Between two admins' decision to let a member back in without an e-mail and the link that does it.
  ADD COLUMN recovery_delay_hours integer NOT NULL DEFAULT 72,
  ADD CONSTRAINT ck_communities_second_factor CHECK (second_factor IN ('optional', 'admins', 'all')),
  ADD CONSTRAINT ck_communities_recovery_delay CHECK (recovery_delay_hours BETWEEN 1 AND 720);

-- Questions that a community asks of those who want to join.
CREATE TABLE registration_questions (
  community_id uuid NOT NULL,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  position integer NOT NULL DEFAULT 0,
  text text NOT NULL,
  required boolean NOT NULL DEFAULT true,
  CONSTRAINT pk_registration_questions PRIMARY KEY (community_id, id),
  CONSTRAINT uq_registration_questions_text UNIQUE (community_id, text),
  CONSTRAINT fk_registration_questions_community FOREIGN KEY (community_id) REFERENCES communities (id) ON DELETE CASCADE,
  CONSTRAINT ck_registration_questions_text CHECK (text <> '' AND length(text) <= 300)
);
CREATE TRIGGER tr_registration_questions_changed AFTER INSERT OR UPDATE OR DELETE ON registration_questions
  FOR EACH ROW EXECUTE FUNCTION notify_community_changed();

-- password_short: shorter than what a password alone must be; its second factor cannot be removed.
-- deletion_due_at: the person asked for their account to be deleted, and has until then to come back.
ALTER TABLE persons
  ADD COLUMN password_short boolean NOT NULL DEFAULT false,
  ADD COLUMN deletion_due_at timestamptz,
  ADD COLUMN recovery_codes_made_at timestamptz;
CREATE INDEX ix_persons_deletion_due_at ON persons (deletion_due_at) WHERE deletion_due_at IS NOT NULL;

-- Empty but after an import: hashes of other systems, or of other parameters, go at their owners' first sign-in.
CREATE INDEX ix_persons_foreign_hash ON persons (id)
  WHERE password_hash NOT LIKE '$argon2id$v=19$m=19456,t=2,p=1$%';

-- proven_at: the person opened a link that was sent to it; verified_at may also be somebody's word.
-- Only a proven address recovers an account that is in several communities.
ALTER TABLE person_emails ADD COLUMN proven_at timestamptz;

-- status_reason says why a membership is suspended where it was not an admin's word.
ALTER TABLE memberships
  ADD COLUMN pronouns text,
  ADD COLUMN status_reason text,
  ADD CONSTRAINT ck_memberships_pronouns CHECK (length(pronouns) <= 60),
  ADD CONSTRAINT ck_memberships_status_reason CHECK (status_reason IS NULL OR (status_reason = 'deletion' AND status = 'suspended'));

-- Pictures of members, made anew by us. The key in their address is random: it tells nothing.
CREATE TABLE member_pictures (
  community_id uuid NOT NULL,
  subject uuid NOT NULL,
  key text NOT NULL,
  bytes bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_member_pictures PRIMARY KEY (community_id, subject),
  CONSTRAINT uq_member_pictures_key UNIQUE (community_id, key),
  CONSTRAINT fk_member_pictures_membership FOREIGN KEY (community_id, subject) REFERENCES memberships (community_id, subject) ON DELETE CASCADE,
  CONSTRAINT ck_member_pictures_size CHECK (length(bytes) <= 262144)
);
CREATE TRIGGER tr_member_pictures_announced AFTER INSERT OR UPDATE OR DELETE ON member_pictures
  FOR EACH ROW EXECUTE FUNCTION notify_member_changed();

-- WebAuthn credentials. They belong to the person; rp_id says where they can be used.
CREATE TABLE passkeys (
  person_id uuid NOT NULL,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  rp_id text NOT NULL,
  credential_id bytea NOT NULL,
  public_key bytea NOT NULL,
  sign_count bigint NOT NULL DEFAULT 0,
  transports text[] NOT NULL DEFAULT '{}',
  aaguid uuid,
  -- Immutable for a credential (WebAuthn level 3 section 6.1.3): a synced key, or one that stays in its device.
  backup_eligible boolean NOT NULL,
  backed_up boolean NOT NULL,
  name text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz,
  CONSTRAINT pk_passkeys PRIMARY KEY (person_id, id),
  CONSTRAINT uq_passkeys_credential UNIQUE (rp_id, credential_id),
  CONSTRAINT fk_passkeys_person FOREIGN KEY (person_id) REFERENCES persons (id) ON DELETE CASCADE,
  CONSTRAINT ck_passkeys_name CHECK (name <> '' AND length(name) <= 100),
  CONSTRAINT ck_passkeys_backup CHECK (backup_eligible OR NOT backed_up)
);

-- One authenticator app a person. confirmed_at is null until a code of it was typed; last_step is the
-- newest time step that was used (RFC 6238 section 5.2: a code counts once).
CREATE TABLE totp_secrets (
  person_id uuid NOT NULL,
  sealed_secret bytea NOT NULL,
  confirmed_at timestamptz,
  last_step bigint,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz,
  CONSTRAINT pk_totp_secrets PRIMARY KEY (person_id),
  CONSTRAINT fk_totp_secrets_person FOREIGN KEY (person_id) REFERENCES persons (id) ON DELETE CASCADE
);

CREATE TABLE recovery_codes (
  person_id uuid NOT NULL,
  code_hash bytea NOT NULL,
  used_at timestamptz,
  CONSTRAINT pk_recovery_codes PRIMARY KEY (person_id, code_hash),
  CONSTRAINT fk_recovery_codes_person FOREIGN KEY (person_id) REFERENCES persons (id) ON DELETE CASCADE
);

-- Has the person a second factor that stands in the way of a password alone?
CREATE FUNCTION has_second_factor(who uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM passkeys WHERE person_id = who)
      OR EXISTS (SELECT 1 FROM totp_secrets WHERE person_id = who AND confirmed_at IS NOT NULL)
$$;

CREATE FUNCTION notify_factors_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('trousseau_sign_in', m.community_id || ' member ' || m.subject)
  FROM memberships m WHERE m.person_id = COALESCE(NEW.person_id, OLD.person_id);
  RETURN NULL;
END $$;
CREATE TRIGGER tr_passkeys_announced AFTER INSERT OR DELETE ON passkeys
  FOR EACH ROW EXECUTE FUNCTION notify_factors_changed();
CREATE TRIGGER tr_totp_secrets_announced AFTER INSERT OR DELETE ON totp_secrets
  FOR EACH ROW EXECUTE FUNCTION notify_factors_changed();
CREATE TRIGGER tr_totp_secrets_confirmed AFTER UPDATE ON totp_secrets
  FOR EACH ROW WHEN ((OLD.sealed_secret, OLD.confirmed_at) IS DISTINCT FROM (NEW.sealed_secret, NEW.confirmed_at))
  EXECUTE FUNCTION notify_factors_changed();

-- Things that count once, on whichever process they come in: challenges, proofs of work.
CREATE TABLE spent_proofs (
  kind text NOT NULL,
  proof_hash bytea NOT NULL,
  expires_at timestamptz NOT NULL,
  CONSTRAINT pk_spent_proofs PRIMARY KEY (kind, proof_hash)
);
CREATE INDEX ix_spent_proofs_expires_at ON spent_proofs (expires_at);

-- A sign-in between its password and its second factor; the browser holds the token whose hash this is.
-- It waits for a second factor, for one to be set up, or for the person to say whether their account,
-- which they asked to be deleted, stays.
CREATE TABLE pending_sign_ins (
  community_id uuid NOT NULL,
  token_hash bytea NOT NULL,
  subject uuid NOT NULL,
  issuer text NOT NULL,
  -- What the sign-in began with: one of the two.
  password_hash text,
  passkey_id uuid,
  interaction_uid text,
  return_path text,
  waits_for text NOT NULL,
  -- Of the code by which another address of the community, where the passkey works, sends the browser back.
  handoff_hash bytea,
  proven_amr text[],
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  CONSTRAINT pk_pending_sign_ins PRIMARY KEY (community_id, token_hash),
  CONSTRAINT fk_pending_sign_ins_membership FOREIGN KEY (community_id, subject) REFERENCES memberships (community_id, subject) ON DELETE CASCADE,
  CONSTRAINT ck_pending_sign_ins_waits_for CHECK (waits_for IN ('factor', 'set-up', 'decision')),
  CONSTRAINT ck_pending_sign_ins_began CHECK ((password_hash IS NULL) <> (passkey_id IS NULL))
);
CREATE INDEX ix_pending_sign_ins_expires_at ON pending_sign_ins (expires_at);

-- Links that are sent or handed over; each opens one thing, once, for a while. email is the address that
-- the link was sent to: opening it proves that address for whoever the link is about, and for nobody else.
CREATE TABLE links (
  community_id uuid NOT NULL,
  token_hash bytea NOT NULL,
  kind text NOT NULL,
  subject uuid,
  email text,
  details jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  CONSTRAINT pk_links PRIMARY KEY (community_id, token_hash),
  CONSTRAINT fk_links_community FOREIGN KEY (community_id) REFERENCES communities (id) ON DELETE CASCADE,
  CONSTRAINT fk_links_membership FOREIGN KEY (community_id, subject) REFERENCES memberships (community_id, subject) ON DELETE CASCADE,
  CONSTRAINT ck_links_kind CHECK (kind IN ('registration', 'verification', 'recovery', 'assisted-recovery', 'join'))
);
CREATE INDEX ix_links_subject ON links (community_id, subject) WHERE subject IS NOT NULL;
CREATE INDEX ix_links_expires_at ON links (expires_at);

CREATE TABLE invitations (
  community_id uuid NOT NULL,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  token_hash bytea NOT NULL,
  -- So that an admin can print the link again.
  sealed_token bytea NOT NULL,
  label text NOT NULL,
  role text NOT NULL DEFAULT 'member',
  -- The address that it was sent to; null for a link that was handed over.
  email text,
  -- Null: as many as come before it expires.
  max_uses integer,
  uses integer NOT NULL DEFAULT 0,
  created_by uuid,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  CONSTRAINT pk_invitations PRIMARY KEY (community_id, id),
  CONSTRAINT uq_invitations_token UNIQUE (community_id, token_hash),
  CONSTRAINT fk_invitations_community FOREIGN KEY (community_id) REFERENCES communities (id) ON DELETE CASCADE,
  CONSTRAINT fk_invitations_created_by FOREIGN KEY (community_id, created_by) REFERENCES memberships (community_id, subject),
  CONSTRAINT ck_invitations_label CHECK (label <> '' AND length(label) <= 100),
  CONSTRAINT ck_invitations_role CHECK (role IN ('member', 'admin', 'owner')),
  CONSTRAINT ck_invitations_uses CHECK (uses >= 0 AND (max_uses IS NULL OR (max_uses > 0 AND uses <= max_uses)))
);
CREATE TABLE invitation_groups (
  community_id uuid NOT NULL,
  invitation_id uuid NOT NULL,
  group_id uuid NOT NULL,
  CONSTRAINT pk_invitation_groups PRIMARY KEY (community_id, invitation_id, group_id),
  CONSTRAINT fk_invitation_groups_invitation FOREIGN KEY (community_id, invitation_id) REFERENCES invitations (community_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_invitation_groups_group FOREIGN KEY (community_id, group_id) REFERENCES groups (community_id, id) ON DELETE CASCADE
);
CREATE TABLE invitation_uses (
  community_id uuid NOT NULL,
  invitation_id uuid NOT NULL,
  subject uuid NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_invitation_uses PRIMARY KEY (community_id, invitation_id, subject),
  CONSTRAINT fk_invitation_uses_invitation FOREIGN KEY (community_id, invitation_id) REFERENCES invitations (community_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_invitation_uses_membership FOREIGN KEY (community_id, subject) REFERENCES memberships (community_id, subject) ON DELETE CASCADE
);

-- What somebody who asked to join answered; the questions as they were asked.
CREATE TABLE registration_answers (
  community_id uuid NOT NULL,
  subject uuid NOT NULL,
  position integer NOT NULL,
  question text NOT NULL,
  answer text NOT NULL,
  CONSTRAINT pk_registration_answers PRIMARY KEY (community_id, subject, position),
  CONSTRAINT fk_registration_answers_membership FOREIGN KEY (community_id, subject) REFERENCES memberships (community_id, subject) ON DELETE CASCADE,
  CONSTRAINT ck_registration_answers_answer CHECK (length(answer) <= 2000)
);

-- Two admins let a member back in who has no way left: one asks, another approves, the person is told
-- and may refuse, and only after the community's delay is there a link.
CREATE TABLE assisted_recoveries (
  community_id uuid NOT NULL,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  subject uuid NOT NULL,
  requested_by uuid NOT NULL,
  approved_by uuid,
  created_at timestamptz NOT NULL DEFAULT now(),
  approved_at timestamptz,
  ready_at timestamptz,
  -- Refused, cancelled by the person, done, or left until it was too late.
  ended_at timestamptz,
  outcome text,
  CONSTRAINT pk_assisted_recoveries PRIMARY KEY (community_id, id),
  CONSTRAINT fk_assisted_recoveries_subject FOREIGN KEY (community_id, subject) REFERENCES memberships (community_id, subject) ON DELETE CASCADE,
  CONSTRAINT fk_assisted_recoveries_requested_by FOREIGN KEY (community_id, requested_by) REFERENCES memberships (community_id, subject),
  CONSTRAINT fk_assisted_recoveries_approved_by FOREIGN KEY (community_id, approved_by) REFERENCES memberships (community_id, subject),
  CONSTRAINT ck_assisted_recoveries_two CHECK (approved_by IS NULL OR approved_by <> requested_by),
  CONSTRAINT ck_assisted_recoveries_self CHECK (requested_by <> subject AND (approved_by IS NULL OR approved_by <> subject)),
  CONSTRAINT ck_assisted_recoveries_approval CHECK ((approved_by IS NULL) = (approved_at IS NULL) AND (approved_at IS NULL) = (ready_at IS NULL)),
  CONSTRAINT ck_assisted_recoveries_outcome CHECK ((outcome IS NULL) = (ended_at IS NULL) AND (outcome IS NULL OR outcome IN ('done', 'cancelled', 'refused', 'expired')))
);
CREATE UNIQUE INDEX uq_assisted_recoveries_open ON assisted_recoveries (community_id, subject) WHERE ended_at IS NULL;

-- What a service received of a member, with the values, when they last went there.
CREATE TABLE disclosures (
  community_id uuid NOT NULL,
  service_id uuid NOT NULL,
  subject uuid NOT NULL,
  claims jsonb NOT NULL,
  first_at timestamptz NOT NULL DEFAULT now(),
  last_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_disclosures PRIMARY KEY (community_id, service_id, subject),
  CONSTRAINT fk_disclosures_service FOREIGN KEY (community_id, service_id) REFERENCES services (community_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_disclosures_membership FOREIGN KEY (community_id, subject) REFERENCES memberships (community_id, subject) ON DELETE CASCADE
);
CREATE INDEX ix_disclosures_subject ON disclosures (community_id, subject);

-- Messages that could not be sent because no SMTP server is configured: the operator reads them.
CREATE TABLE kept_mails (
  id bigint GENERATED ALWAYS AS IDENTITY,
  community_id uuid,
  recipient text NOT NULL,
  subject_line text NOT NULL,
  -- HTML and text, as JSON: they hold links.
  sealed_body bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_kept_mails PRIMARY KEY (id),
  CONSTRAINT fk_kept_mails_community FOREIGN KEY (community_id) REFERENCES communities (id) ON DELETE CASCADE
);
CREATE INDEX ix_kept_mails_created_at ON kept_mails (created_at);

CREATE INDEX ix_events_subject ON events (community_id, subject, id) WHERE subject IS NOT NULL;
