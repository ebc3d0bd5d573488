import type { Transaction } from '../../platform/database/database.ts';
import type { PlacedFault } from '../refused-changes.ts';
import type { CommunityRow } from './community-rows.ts';
import { type BaseClash, baseClashes } from './ldap-base.ts';

/** A community as it will be, and as it was. */
export type Settled = { index: number; before: CommunityRow | undefined; after: CommunityRow };

/** What another community of the hub has already; `lockHubNames` comes first. */
export async function takenFaults(
  tx: Transaction,
  settled: readonly Settled[],
): Promise<PlacedFault[]> {
  return [...(await takenBases(tx, settled)), ...(await takenHosts(tx, settled))];
}

type BaseOf = { id: string; slug: string; base: string };

/** Bases are compared as they will be: one community may leave a base that another takes. */
async function takenBases(tx: Transaction, settled: readonly Settled[]): Promise<PlacedFault[]> {
  if (settled.every(({ before, after }) => before?.ldapBase === after.ldapBase)) return [];
  const stored = await tx.query<BaseOf>('SELECT id, slug, ldap_base AS base FROM communities');
  const bases = new Map(stored.map((row) => [row.id, row]));
  for (const { after } of settled)
    bases.set(after.id, { id: after.id, slug: after.slug, base: after.ldapBase });
  const clashes = baseClashes([...bases.values()]);
  return settled.flatMap(({ index, after: { id, ldapBase } }) => {
    const clash = clashes.find(({ inner, outer }) => inner.id === id || outer.id === id);
    if (clash === undefined) return [];
    const subject = `the LDAP base "${ldapBase}"`;
    const fault = describeClash(clash, id);
    return [{ index, code: 'ldap-base-taken', path: ['ldapBase'], subject, fault }];
  });
}

function describeClash({ inner, outer, same }: BaseClash<BaseOf>, id: string): string {
  const isInner = inner.id === id;
  const other = isInner ? outer : inner;
  const relation = same ? 'belongs to' : isInner ? 'lies inside that of' : 'holds that of';
  return `${relation} the community "${other.slug}"`;
}

const LISTS = ['hosts', 'ldapHosts'] as const;

/** A host of one community is no other's, whether for the web or for LDAP. */
async function takenHosts(tx: Transaction, settled: readonly Settled[]): Promise<PlacedFault[]> {
  const gaining = settled.filter(({ before, after }) =>
    LISTS.some((key) => after[key].some((host) => !before?.[key].includes(host))),
  );
  if (gaining.length === 0) return [];
  const stored = await tx.query<{ id: string; slug: string; host: string }>(
    `SELECT c.id, c.slug, h.host FROM (SELECT community_id, host FROM community_hosts
       UNION ALL SELECT community_id, host FROM community_ldap_hosts) h JOIN communities c ON c.id = h.community_id`,
  );
  const changed = new Set(settled.map(({ after }) => after.id));
  const holders = [
    ...stored.filter(({ id }) => !changed.has(id)),
    ...settled.flatMap(({ after: { id, slug, hosts, ldapHosts } }) =>
      [...hosts, ...ldapHosts].map((host) => ({ id, slug, host })),
    ),
  ];
  return gaining.flatMap(({ index, after }) =>
    LISTS.flatMap((key) =>
      after[key].flatMap((host, place): PlacedFault[] => {
        const holder = holders.find((other) => other.host === host && other.id !== after.id);
        if (holder === undefined) return [];
        const { slug } = holder;
        const fault = `is a host of the community ${slug}: give another, or take it away from ${slug} first`;
        const subject = `"${host}"`;
        return [{ index, code: 'host-taken', path: [key, place], subject, fault }];
      }),
    ),
  );
}
