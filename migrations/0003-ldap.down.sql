DROP TRIGGER tr_persons_password_announced ON persons;
DROP FUNCTION notify_person_changed();
DROP TRIGGER tr_memberships_announced ON memberships;
CREATE TRIGGER tr_memberships_announced AFTER UPDATE OR DELETE ON memberships
  FOR EACH ROW EXECUTE FUNCTION notify_member_changed();
DROP TRIGGER tr_service_readers_changed ON service_readers;
ALTER TABLE groups DROP COLUMN updated_at, DROP COLUMN gid_number;
ALTER TABLE memberships DROP COLUMN uid_number;
DROP TABLE posix_ranges;
ALTER TABLE communities DROP COLUMN posix_shell, DROP COLUMN posix_home, DROP COLUMN posix_primary_group_id,
  DROP COLUMN ldap_open_to_operators;
DROP TABLE operator_readers;
DROP TABLE app_passwords;
