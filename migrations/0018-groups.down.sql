DROP TABLE group_requests;
DROP TABLE group_managers;
ALTER TABLE groups
  DROP CONSTRAINT ck_groups_seats,
  DROP CONSTRAINT ck_groups_joining,
  DROP COLUMN seats,
  DROP COLUMN joining;
