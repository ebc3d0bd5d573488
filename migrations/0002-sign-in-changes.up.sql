-- Every writer tells every process what it may remember no longer: whose membership changed, which
-- session, grant or access token changed or ended. What merely expired is not announced.

CREATE FUNCTION notify_sign_in_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  old_row jsonb := to_jsonb(OLD);
BEGIN
  PERFORM pg_notify('trousseau_sign_in', (COALESCE(to_jsonb(NEW), old_row) ->> 'community_id') || ' ' || CASE TG_TABLE_NAME
    WHEN 'sessions' THEN 'session ' || (old_row ->> 'uid')
    WHEN 'oidc_artifacts' THEN 'artifact ' || encode(OLD.id_hash, 'hex')
    ELSE 'member ' || (COALESCE(to_jsonb(NEW), old_row) ->> 'subject') END);
  RETURN NULL;
END $$;

CREATE FUNCTION notify_member_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changed jsonb := COALESCE(to_jsonb(NEW), to_jsonb(OLD));
BEGIN
  PERFORM pg_notify('trousseau_sign_in', (changed ->> 'community_id') || ' member ' || (changed ->> 'subject'));
  RETURN NULL;
END $$;

CREATE FUNCTION notify_person_emails_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('trousseau_sign_in', m.community_id || ' member ' || m.subject)
  FROM memberships m WHERE m.person_id = COALESCE(NEW.person_id, OLD.person_id);
  RETURN NULL;
END $$;

CREATE TRIGGER tr_sessions_announced AFTER UPDATE OR DELETE ON sessions
  FOR EACH ROW EXECUTE FUNCTION notify_sign_in_changed();
CREATE TRIGGER tr_oidc_artifacts_updated AFTER UPDATE ON oidc_artifacts
  FOR EACH ROW WHEN (OLD.kind = 'Grant') EXECUTE FUNCTION notify_sign_in_changed();
CREATE TRIGGER tr_oidc_artifacts_deleted AFTER DELETE ON oidc_artifacts
  FOR EACH ROW WHEN (OLD.kind IN ('Grant', 'AccessToken') AND OLD.expires_at > now()) EXECUTE FUNCTION notify_sign_in_changed();
CREATE TRIGGER tr_memberships_announced AFTER UPDATE OR DELETE ON memberships
  FOR EACH ROW EXECUTE FUNCTION notify_member_changed();
CREATE TRIGGER tr_group_members_announced AFTER INSERT OR UPDATE OR DELETE ON group_members
  FOR EACH ROW EXECUTE FUNCTION notify_member_changed();
CREATE TRIGGER tr_accounts_announced AFTER INSERT OR UPDATE OR DELETE ON accounts
  FOR EACH ROW EXECUTE FUNCTION notify_member_changed();
CREATE TRIGGER tr_person_emails_announced AFTER UPDATE OR DELETE ON person_emails
  FOR EACH ROW EXECUTE FUNCTION notify_person_emails_changed();
