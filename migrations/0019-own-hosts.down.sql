DROP TABLE host_claims;
DROP TABLE community_ldap_hosts;
