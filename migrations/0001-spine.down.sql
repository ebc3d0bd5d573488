DROP TABLE throttles, outbox, events, oidc_artifacts, sessions, signing_keys, consents, accounts,
  service_readers, service_clients, service_access_groups, services, group_nestings, group_members,
  groups, memberships, hub_settings, operator_sessions, operators, person_emails, persons,
  community_hosts, community_logos, communities;
DROP FUNCTION notify_community_changed();
DROP FUNCTION notify_outbox();
DROP FUNCTION require_rows(text, integer, bigint);
