import type { Queryable } from '../../platform/database/database.ts';

/** Whether a community has this host, for the web or for LDAP; without a port, as certificates have none. */
export async function isServedHost(db: Queryable, name: string): Promise<boolean> {
  const rows = await db.query(
    `SELECT 1 FROM community_hosts WHERE split_part(host, ':', 1) = $1
     UNION ALL SELECT 1 FROM community_ldap_hosts WHERE host = $1 LIMIT 1`,
    [name],
  );
  return rows.length > 0;
}

/** Hosts of all communities that pages stand at, without their ports. */
export async function listServedHosts(db: Queryable): Promise<string[]> {
  const rows = await db.query<{ host: string }>(
    `SELECT DISTINCT split_part(host, ':', 1) AS host FROM community_hosts ORDER BY 1`,
  );
  return rows.map(({ host }) => host);
}
