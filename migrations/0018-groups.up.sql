-- Who comes into a group and by whose word: its managers', or their own; and how many there may be.
ALTER TABLE groups
  ADD COLUMN joining text NOT NULL DEFAULT 'closed',
  ADD COLUMN seats integer,
  ADD CONSTRAINT ck_groups_joining CHECK (joining IN ('closed', 'request', 'open')),
  ADD CONSTRAINT ck_groups_seats CHECK (seats BETWEEN 1 AND 1000000);

CREATE TABLE group_managers (
  community_id uuid NOT NULL,
  group_id uuid NOT NULL,
  subject uuid NOT NULL,
  CONSTRAINT pk_group_managers PRIMARY KEY (community_id, group_id, subject),
  CONSTRAINT fk_group_managers_group FOREIGN KEY (community_id, group_id) REFERENCES groups (community_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_group_managers_membership FOREIGN KEY (community_id, subject) REFERENCES memberships (community_id, subject) ON DELETE CASCADE
);
CREATE INDEX ix_group_managers_subject ON group_managers (community_id, subject);

-- Who asks to come in, until somebody answers.
CREATE TABLE group_requests (
  community_id uuid NOT NULL,
  group_id uuid NOT NULL,
  subject uuid NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_group_requests PRIMARY KEY (community_id, group_id, subject),
  CONSTRAINT fk_group_requests_group FOREIGN KEY (community_id, group_id) REFERENCES groups (community_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_group_requests_membership FOREIGN KEY (community_id, subject) REFERENCES memberships (community_id, subject) ON DELETE CASCADE
);
CREATE INDEX ix_group_requests_subject ON group_requests (community_id, subject);
