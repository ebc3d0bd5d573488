import type { CommunityRow } from '../../domain/communities/community-rows.ts';
import { removeServices } from '../../domain/services/remove-services.ts';
import { saveServices } from '../../domain/services/save-services.ts';
import { readServices } from '../../domain/services/service-rows.ts';
import type { CommunityToApply } from './apply-communities.ts';
import { toCommunityChange } from './community-change.ts';
import type { ApplyRun } from './run.ts';
import type { CommunityEntry } from './schema.ts';

/** Services of a community, by slug. */
export type FreedServices = {
  /** Taken away, since the file does not name them. */
  gone: string[];
  /** Without a client now, since the file says so. */
  withoutClient: string[];
};

/**
 * Takes away what the file takes away of services, before anything else: they hold client ids that the
 * file may give to others, and hosts, as their issuers, that it may take away, too.
 * @returns what went, by the community's id
 */
export async function freeNames(
  run: ApplyRun,
  rows: readonly CommunityRow[],
  wanted: readonly CommunityToApply[],
): Promise<Map<string, FreedServices>> {
  const freed = new Map<string, FreedServices>();
  if (!run.prune) return freed;
  for (const { entry } of wanted) {
    const row = rows.find(({ slug }) => slug === entry.slug);
    if (row === undefined || row.state === 'moved' || entry.services === undefined) continue;
    freed.set(row.id, {
      gone: await pruneServices(run, row, entry.services),
      withoutClient: losesHost(row, entry) ? await dropClients(run, row, entry.services) : [],
    });
  }
  return freed;
}

type ServiceEntries = NonNullable<CommunityEntry['services']>;

async function pruneServices(
  { tx }: ApplyRun,
  { id }: CommunityRow,
  entries: ServiceEntries,
): Promise<string[]> {
  const named = new Set(entries.map(({ slug }) => slug));
  const gone = (await readServices(tx, id)).filter(({ slug }) => !named.has(slug));
  const ids = gone.map((service) => service.id);
  await removeServices(tx, id, ids, 'apply');
  return gone.map(({ slug }) => slug);
}

function losesHost(row: CommunityRow, entry: CommunityEntry): boolean {
  const { hosts = row.hosts } = toCommunityChange(entry, undefined, row, true);
  return row.hosts.some((host) => !hosts.includes(host));
}

async function dropClients(
  { tx, sealer, hubUrl }: ApplyRun,
  { id: communityId }: CommunityRow,
  entries: ServiceEntries,
): Promise<string[]> {
  const holders = new Set(
    (await readServices(tx, communityId))
      .filter(({ client }) => client !== null)
      .map(({ slug }) => slug),
  );
  const changes = entries
    .filter(({ slug, client }) => client === null && holders.has(slug))
    .map(({ slug }) => ({ slug, client: null }));
  await saveServices(tx, { communityId, sealer, hubUrl }, changes, 'apply');
  return changes.map(({ slug }) => slug);
}
