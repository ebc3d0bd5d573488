import type { Transaction } from '../../platform/database/database.ts';
import type { CommunityRow } from './community-rows.ts';

type WithHosts = Pick<CommunityRow, 'id' | 'hosts' | 'ldapHosts'>;

/**
 * Stores the hosts of these communities; one may pass from one of them to another. What showed that a host is
 * theirs goes with it, and a claim of theirs to what they have now is no claim any more.
 */
export async function storeHosts(
  tx: Transaction,
  communities: readonly WithHosts[],
): Promise<void> {
  if (communities.length === 0) return;
  const ids = communities.map(({ id }) => id);
  const placed = (listOf: (community: WithHosts) => readonly string[]) =>
    JSON.stringify(
      communities.flatMap((community) =>
        listOf(community).map((host, position) => ({ id: community.id, host, position })),
      ),
    );
  await tx.query('DELETE FROM community_hosts WHERE community_id = ANY($1::uuid[])', [ids]);
  await tx.query(`INSERT INTO community_hosts (community_id, host, position) ${PLACED}`, [
    placed(({ hosts }) => hosts),
  ]);
  await tx.query('DELETE FROM community_ldap_hosts WHERE community_id = ANY($1::uuid[])', [ids]);
  await tx.query(`INSERT INTO community_ldap_hosts (community_id, host, position) ${PLACED}`, [
    placed(({ ldapHosts }) => ldapHosts),
  ]);
  await tx.query(
    `DELETE FROM host_claims c USING jsonb_to_recordset($1::jsonb) AS n (id uuid, hosts text[], "ldapHosts" text[])
     WHERE c.community_id = n.id
       AND (c.proven_at IS NOT NULL) <> (c.host = ANY(n.hosts) OR c.host = ANY(n."ldapHosts"))`,
    [JSON.stringify(communities.map(({ id, hosts, ldapHosts }) => ({ id, hosts, ldapHosts })))],
  );
}

const PLACED = `SELECT id, host, position FROM jsonb_to_recordset($1::jsonb) AS h (id uuid, host text, position integer)`;
