import type { Transaction } from '../../platform/database/database.ts';
import type { PlacedFault } from '../refused-changes.ts';
import type { Settled } from './unique-in-hub.ts';

/** A host that is the issuer of a service cannot go: its app would find nobody there. */
export async function lostIssuerFaults(
  tx: Transaction,
  settled: readonly Settled[],
): Promise<PlacedFault[]> {
  const lost = settled.flatMap(({ index, before, after }) =>
    (before?.hosts ?? [])
      .filter((host) => !after.hosts.includes(host))
      .map((host) => ({ index, id: after.id, host })),
  );
  if (lost.length === 0) return [];
  const rows = await tx.query<{ index: number; host: string; slug: string }>(
    `SELECT l.index, l.host, s.slug FROM jsonb_to_recordset($1::jsonb) AS l (index integer, id uuid, host text)
     JOIN service_clients k ON k.community_id = l.id AND k.issuer = 'https://' || l.host
     JOIN services s ON s.community_id = k.community_id AND s.id = k.service_id ORDER BY l.index, l.host, s.slug`,
    [JSON.stringify(lost)],
  );
  return rows.map(({ index, host, slug }) => ({
    index,
    code: 'host-issuer',
    path: ['hosts'],
    subject: 'the new list of hosts',
    fault: `would take away ${host}, which is the issuer of the service ${slug}: keep it`,
  }));
}
