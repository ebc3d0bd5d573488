-- Hosts at which a community's LDAP is known; those of the web are in community_hosts, and a host may be in both.
CREATE TABLE community_ldap_hosts (
  community_id uuid NOT NULL,
  host text NOT NULL,
  position integer NOT NULL DEFAULT 0,
  CONSTRAINT pk_community_ldap_hosts PRIMARY KEY (community_id, host),
  CONSTRAINT uq_community_ldap_hosts_host UNIQUE (host),
  CONSTRAINT fk_community_ldap_hosts_community FOREIGN KEY (community_id) REFERENCES communities (id) ON DELETE CASCADE,
  CONSTRAINT ck_community_ldap_hosts_host CHECK (host = lower(host) AND host ~ '^[a-z0-9.-]+(:[0-9]+)?$')
);
CREATE TRIGGER tr_community_ldap_hosts_changed AFTER INSERT OR UPDATE OR DELETE ON community_ldap_hosts FOR EACH ROW EXECUTE FUNCTION notify_community_changed();

-- What a community says is its own, and what shows it. It counts once it stands in one of the two tables above.
CREATE TABLE host_claims (
  community_id uuid NOT NULL,
  host text NOT NULL,
  for_web boolean NOT NULL,
  for_ldap boolean NOT NULL,
  -- What the record or the file has to say; everybody may read it there.
  token text NOT NULL,
  claimed_at timestamptz NOT NULL DEFAULT now(),
  -- Of a claim that nothing has shown yet.
  expires_at timestamptz,
  proof text,
  proven_at timestamptz,
  checked_at timestamptz,
  missing_since timestamptz,
  told_at timestamptz,
  CONSTRAINT pk_host_claims PRIMARY KEY (community_id, host),
  CONSTRAINT fk_host_claims_community FOREIGN KEY (community_id) REFERENCES communities (id) ON DELETE CASCADE,
  CONSTRAINT ck_host_claims_host CHECK (host = lower(host) AND host ~ '^[a-z0-9.-]+$'),
  CONSTRAINT ck_host_claims_use CHECK (for_web OR for_ldap),
  CONSTRAINT ck_host_claims_proof CHECK (proof IN ('dns', 'file') AND proven_at IS NOT NULL AND expires_at IS NULL
    OR proof IS NULL AND proven_at IS NULL AND expires_at IS NOT NULL)
);
CREATE UNIQUE INDEX uq_host_claims_proven ON host_claims (host) WHERE proven_at IS NOT NULL;
CREATE INDEX ix_host_claims_expires_at ON host_claims (expires_at);
CREATE INDEX ix_host_claims_due ON host_claims (checked_at) WHERE proven_at IS NOT NULL;
