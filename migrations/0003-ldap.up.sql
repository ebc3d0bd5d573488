-- The LDAP bridge: app passwords, operators' readers, POSIX numbers, and what the directories in the
-- processes' memory have to hear of.

-- A password of a member's for one service. The secret is ours and high-entropy: kept as its SHA-256.
CREATE TABLE app_passwords (
  community_id uuid NOT NULL,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  service_id uuid NOT NULL,
  subject uuid NOT NULL,
  name text NOT NULL,
  secret_hash bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz,
  CONSTRAINT pk_app_passwords PRIMARY KEY (community_id, id),
  CONSTRAINT uq_app_passwords_secret UNIQUE (community_id, secret_hash),
  CONSTRAINT fk_app_passwords_service FOREIGN KEY (community_id, service_id) REFERENCES services (community_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_app_passwords_membership FOREIGN KEY (community_id, subject) REFERENCES memberships (community_id, subject) ON DELETE CASCADE,
  CONSTRAINT ck_app_passwords_name CHECK (name <> '' AND length(name) <= 100),
  CONSTRAINT ck_app_passwords_secret CHECK (length(secret_hash) = 32)
);
CREATE INDEX ix_app_passwords_subject ON app_passwords (community_id, subject);
CREATE INDEX ix_app_passwords_service ON app_passwords (community_id, service_id);

-- Readers of the hub's operators, cn=NAME,cn=operators; they see the communities that are open to them.
CREATE TABLE operator_readers (
  name text NOT NULL,
  password_hash text NOT NULL,
  CONSTRAINT pk_operator_readers PRIMARY KEY (name),
  CONSTRAINT ck_operator_readers_name CHECK (name ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$')
);

-- posixAccount is on in the communities that have a primary group.
ALTER TABLE communities
  ADD COLUMN ldap_open_to_operators boolean NOT NULL DEFAULT false,
  ADD COLUMN posix_primary_group_id uuid,
  ADD COLUMN posix_home text NOT NULL DEFAULT '/home/{username}',
  ADD COLUMN posix_shell text NOT NULL DEFAULT '/bin/bash',
  ADD CONSTRAINT fk_communities_posix_primary_group FOREIGN KEY (id, posix_primary_group_id) REFERENCES groups (community_id, id);

-- The numbers that a community may give to its people and groups. A range stays its own when POSIX is
-- off again, and next_number only grows: a number is never given to somebody else. Apart from
-- communities, so that a new member does not look like a change of settings.
CREATE TABLE posix_ranges (
  community_id uuid NOT NULL,
  first_number integer NOT NULL,
  count integer NOT NULL,
  next_number integer NOT NULL,
  CONSTRAINT pk_posix_ranges PRIMARY KEY (community_id),
  CONSTRAINT fk_posix_ranges_community FOREIGN KEY (community_id) REFERENCES communities (id) ON DELETE CASCADE,
  -- Below 1000 are the systems' own users; 2^31 - 1 is the largest that every client can hold.
  CONSTRAINT ck_posix_ranges_range CHECK (first_number >= 1000 AND count > 0 AND first_number::bigint + count <= 2147483647),
  CONSTRAINT ck_posix_ranges_next CHECK (next_number >= first_number AND next_number <= first_number + count),
  CONSTRAINT ex_posix_ranges_numbers EXCLUDE USING gist (int8range(first_number, first_number::bigint + count) WITH &&)
);

ALTER TABLE memberships
  ADD COLUMN uid_number integer,
  ADD CONSTRAINT uq_memberships_uid_number UNIQUE (community_id, uid_number);

-- updated_at also moves when who is in the group changes (modifyTimestamp, RFC 4512 section 3.4.2).
ALTER TABLE groups
  ADD COLUMN gid_number integer,
  ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(),
  ADD CONSTRAINT uq_groups_gid_number UNIQUE (community_id, gid_number);

CREATE TRIGGER tr_service_readers_changed AFTER INSERT OR UPDATE OR DELETE ON service_readers
  FOR EACH ROW EXECUTE FUNCTION notify_community_changed();
-- Has no community: the payload is empty, which means all of them.
CREATE TRIGGER tr_operator_readers_changed AFTER INSERT OR UPDATE OR DELETE ON operator_readers
  FOR EACH ROW EXECUTE FUNCTION notify_community_changed();

DROP TRIGGER tr_memberships_announced ON memberships;
CREATE TRIGGER tr_memberships_announced AFTER INSERT OR UPDATE OR DELETE ON memberships
  FOR EACH ROW EXECUTE FUNCTION notify_member_changed();

CREATE TRIGGER tr_app_passwords_announced AFTER INSERT OR DELETE ON app_passwords
  FOR EACH ROW EXECUTE FUNCTION notify_member_changed();
-- That one was used is no news.
CREATE TRIGGER tr_app_passwords_updated AFTER UPDATE ON app_passwords
  FOR EACH ROW WHEN ((OLD.community_id, OLD.id, OLD.service_id, OLD.subject, OLD.name, OLD.secret_hash)
    IS DISTINCT FROM (NEW.community_id, NEW.id, NEW.service_id, NEW.subject, NEW.name, NEW.secret_hash))
  EXECUTE FUNCTION notify_member_changed();

CREATE FUNCTION notify_person_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('trousseau_sign_in', m.community_id || ' member ' || m.subject)
  FROM memberships m WHERE m.person_id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER tr_persons_password_announced AFTER UPDATE ON persons
  FOR EACH ROW WHEN ((OLD.password_hash, OLD.password_changed_at) IS DISTINCT FROM (NEW.password_hash, NEW.password_changed_at))
  EXECUTE FUNCTION notify_person_changed();
