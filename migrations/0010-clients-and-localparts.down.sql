DROP TRIGGER tr_memberships_localpart_kept ON memberships;
DROP TRIGGER tr_memberships_localpart_given ON memberships;
DROP FUNCTION keep_localpart();
DROP FUNCTION give_localpart();
DROP FUNCTION free_localpart(uuid, uuid, text);
DROP FUNCTION localpart_base(text);
ALTER TABLE memberships DROP COLUMN localpart;
DROP TABLE spent_localparts;
ALTER TABLE services DROP COLUMN session_hours;
ALTER TABLE service_clients
  DROP COLUMN backchannel_logout_to_initiator,
  DROP COLUMN auth_only,
  DROP COLUMN lan_http,
  DROP COLUMN kind;
