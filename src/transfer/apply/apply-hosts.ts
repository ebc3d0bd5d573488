import type { CommunityRow, SettledCommunity } from './apply-communities.ts';
import { canonicalHost } from './names-in-file.ts';
import type { ApplyRun } from './run.ts';

type Row = { community_id: string; host: string };

export type SettledHosts = {
  /** Hosts of each community in their order, by its id. */
  hosts: Map<string, string[]>;
  /** Ids of the communities whose hosts changed. */
  changed: Set<string>;
};

/**
 * Brings the communities' own hosts to what the file says: those it names first, in its order; the
 * others stay behind them, or go with --prune. A host may pass from one community to another in one run.
 */
export async function applyHosts(
  run: ApplyRun,
  rows: readonly CommunityRow[],
  settled: readonly SettledCommunity[],
): Promise<SettledHosts> {
  const stored = await run.tx.query<Row>(
    'SELECT community_id, host FROM community_hosts ORDER BY position, host',
  );
  const before = Map.groupBy(stored, (row) => row.community_id);
  const hosts = new Map([...before].map(([id, list]) => [id, list.map((row) => row.host)]));
  const changed = new Set<string>();
  for (const { entry, row } of settled) {
    if (entry.hosts === undefined) continue;
    const current = hosts.get(row.id) ?? [];
    const named = [...new Set(entry.hosts.map((host) => canonicalHost(host) as string))];
    const next = run.prune ? named : [...named, ...current.filter((host) => !named.includes(host))];
    if (next.join() !== current.join()) changed.add(row.id);
    hosts.set(row.id, next);
  }
  if (reportForeignHosts(run, rows, settled, hosts)) return { hosts, changed: new Set() };
  await storeHosts(run, hosts, changed);
  return { hosts, changed };
}

/** @returns whether any host would be two communities' */
function reportForeignHosts(
  run: ApplyRun,
  rows: readonly CommunityRow[],
  settled: readonly SettledCommunity[],
  hosts: ReadonlyMap<string, string[]>,
): boolean {
  let found = false;
  for (const { entry, path, row } of settled) {
    for (const [index, host] of (entry.hosts ?? []).entries()) {
      const name = canonicalHost(host) as string;
      const holder = [...hosts].find(([id, list]) => id !== row.id && list.includes(name))?.[0];
      if (holder === undefined) continue;
      const slug = rows.find((other) => other.id === holder)?.slug;
      run.report(
        [...path, 'hosts', index],
        `is a host of the community ${slug}: give another, or take it away from ${slug} first`,
      );
      found = true;
    }
  }
  return found;
}

async function storeHosts(
  run: ApplyRun,
  hosts: SettledHosts['hosts'],
  changed: ReadonlySet<string>,
): Promise<void> {
  if (changed.size === 0) return;
  await run.tx.query('DELETE FROM community_hosts WHERE community_id = ANY($1::uuid[])', [
    [...changed],
  ]);
  const rows = [...changed].flatMap((id) =>
    (hosts.get(id) as string[]).map((host, position) => ({ community_id: id, host, position })),
  );
  await run.tx.query(
    `INSERT INTO community_hosts (community_id, host, position)
     SELECT community_id, host, position FROM jsonb_to_recordset($1::jsonb) AS h (community_id uuid, host text, position integer)`,
    [JSON.stringify(rows)],
  );
}

/** The issuer of services that are registered now (docs/apply.md: a service keeps its own for ever). */
export function issuerOf(run: ApplyRun, slug: string, hosts: readonly string[]): string {
  return hosts[0] === undefined ? `${run.hubUrl}/c/${slug}` : `https://${hosts[0]}`;
}

/** A host that is still the issuer of a service cannot go: its app would find nobody there. */
export async function reportIssuersWithoutHost(
  run: ApplyRun,
  settled: readonly SettledCommunity[],
  { changed }: SettledHosts,
): Promise<void> {
  const lost = await run.tx.query<{ community_id: string; slug: string; issuer: string }>(
    `SELECT k.community_id, s.slug, k.issuer FROM service_clients k
     JOIN services s ON s.community_id = k.community_id AND s.id = k.service_id
     WHERE k.community_id = ANY($1::uuid[]) AND k.issuer LIKE 'https://%' AND NOT starts_with(k.issuer, $2)
       AND NOT EXISTS (SELECT FROM community_hosts h
         WHERE h.community_id = k.community_id AND k.issuer = 'https://' || h.host)`,
    [[...changed], `${run.hubUrl}/c/`],
  );
  for (const { path, row } of settled) {
    for (const { slug, issuer } of lost.filter((client) => client.community_id === row.id)) {
      run.report(
        [...path, 'hosts'],
        `would take away ${issuer.slice('https://'.length)}, which is the issuer of the service ${slug}: keep it`,
      );
    }
  }
}
