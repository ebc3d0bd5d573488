import { randomUUID } from 'node:crypto';
import { nameKey } from '../../platform/text/names.ts';
import { applyClients } from './apply-clients.ts';
import { either, type SettledCommunity } from './apply-communities.ts';
import type { GroupIds } from './apply-groups.ts';
import { endLostAccess, endServices } from './end-service-access.ts';
import { logService } from './log-service.ts';
import { readerPlace } from './resolve-password-hashes.ts';
import { type ApplyRun, changedKeys } from './run.ts';
import type { ServiceEntry } from './schema.ts';

/** A service with its access rule, by the file's keys. */
export type ServiceRow = {
  id: string;
  slug: string;
  recipe: string;
  name: string;
  description: string | null;
  icon: string | null;
  url: string | null;
  trust: string;
  access: string;
  /** Ids of the groups of the access rule, in order. */
  accessGroups: string[];
  position: number;
  /** Hash of the LDAP reader's password. */
  reader: string | null;
};

export type SettledService = {
  entry: ServiceEntry;
  index: number;
  before: ServiceRow | undefined;
  after: ServiceRow;
  changed: (keyof ServiceRow)[];
};

/** Brings a community's services, their clients and their readers to what the file says. */
export async function applyServices(
  run: ApplyRun,
  community: SettledCommunity,
  groups: GroupIds,
  issuer: string,
): Promise<void> {
  const entries = community.entry.services;
  if (entries === undefined) return;
  const rows = await lockServices(run, community.row.id);
  const known = new Map(rows.map((row) => [row.slug, row]));
  const services: SettledService[] = [];
  for (const [index, entry] of entries.entries()) {
    const before = known.get(entry.slug);
    const after = toRow(
      entry,
      index,
      before,
      groups,
      await readerHash(run, community.row.slug, entry, before),
    );
    services.push({
      entry,
      index,
      before,
      after,
      changed: before === undefined ? [] : changedKeys(before, after),
    });
  }
  // Whoever goes first frees its client id for another service of the file.
  await pruneServices(run, community, rows, new Set(entries.map((entry) => entry.slug)));
  const toStore = services.filter(
    ({ before, changed }) => before === undefined || changed.length > 0,
  );
  await storeServices(run, community.row.id, toStore);
  const clientFields = await applyClients(run, community, services, issuer);
  const ruled = services.filter(
    ({ changed }) => changed.includes('access') || changed.includes('accessGroups'),
  );
  await endLostAccess(
    run,
    community.row.id,
    ruled.map(({ after }) => after.id),
  );
  for (const service of services) {
    logService(run, community, service, clientFields.get(service.after.id) ?? []);
  }
}

function lockServices(run: ApplyRun, communityId: string): Promise<ServiceRow[]> {
  return run.tx.query<ServiceRow>(
    `SELECT s.id, s.slug, s.recipe, s.name, s.description, s.icon, s.url, s.trust, s.access, s.position,
       ARRAY(SELECT a.group_id::text FROM service_access_groups a
             WHERE a.community_id = s.community_id AND a.service_id = s.id ORDER BY 1) AS "accessGroups",
       r.password_hash AS reader
     FROM services s LEFT JOIN service_readers r ON r.community_id = s.community_id AND r.service_id = s.id
     WHERE s.community_id = $1 ORDER BY s.slug FOR NO KEY UPDATE OF s`,
    [communityId],
  );
}

async function readerHash(
  run: ApplyRun,
  slug: string,
  entry: ServiceEntry,
  before: ServiceRow | undefined,
): Promise<string | null> {
  const stored = before?.reader ?? null;
  if (entry.ldap === undefined || entry.ldap === null) return entry.ldap === null ? null : stored;
  return run.passwords.settle(readerPlace(slug, entry.slug), entry.ldap.password, stored);
}

function toRow(
  entry: ServiceEntry,
  position: number,
  before: ServiceRow | undefined,
  groups: GroupIds,
  reader: string | null,
): ServiceRow {
  const rule = typeof entry.access === 'object' ? 'groups' : entry.access;
  const named = typeof entry.access === 'object' ? entry.access.groups : [];
  return {
    id: before?.id ?? randomUUID(),
    slug: entry.slug,
    recipe: entry.recipe,
    name: entry.name ?? before?.name ?? entry.slug,
    description: either(entry.description, before?.description),
    icon: either(entry.icon, before?.icon),
    url: either(entry.url, before?.url),
    trust: entry.trust ?? before?.trust ?? 'first-party',
    access: rule ?? before?.access ?? 'everyone',
    accessGroups:
      rule === undefined
        ? (before?.accessGroups ?? [])
        : [...new Set(named.map((name) => groups.get(nameKey(name)) as string))].sort(),
    position,
    reader,
  };
}

async function storeServices(
  run: ApplyRun,
  communityId: string,
  services: readonly SettledService[],
): Promise<void> {
  const rows = services.map(({ after }) => after);
  await run.tx.query(
    `INSERT INTO services (community_id, id, slug, recipe, name, description, icon, url, trust, access, position)
     SELECT $1, id, slug, recipe, name, description, icon, url, trust, access, position
     FROM jsonb_to_recordset($2::jsonb) AS s (id uuid, slug text, recipe text, name text, description text, icon text,
       url text, trust text, access text, position integer)
     ON CONFLICT (community_id, id) DO UPDATE SET recipe = EXCLUDED.recipe, name = EXCLUDED.name,
       description = EXCLUDED.description, icon = EXCLUDED.icon, url = EXCLUDED.url, trust = EXCLUDED.trust,
       access = EXCLUDED.access, position = EXCLUDED.position, updated_at = now()`,
    [communityId, JSON.stringify(rows.map((row) => ({ ...row, reader: undefined })))],
  );
  await storeAccessGroups(run, communityId, services);
  await storeReaders(run, communityId, services);
}

async function storeAccessGroups(
  run: ApplyRun,
  communityId: string,
  services: readonly SettledService[],
): Promise<void> {
  const changed = services.filter(
    (item) => item.before === undefined || item.changed.includes('accessGroups'),
  );
  await run.tx.query(
    'DELETE FROM service_access_groups WHERE community_id = $1 AND service_id = ANY($2::uuid[])',
    [communityId, changed.map(({ after }) => after.id)],
  );
  const ties = changed.flatMap(({ after }) =>
    after.accessGroups.map((group) => ({ service: after.id, group })),
  );
  await run.tx.query(
    `INSERT INTO service_access_groups (community_id, service_id, group_id)
     SELECT $1, service, "group" FROM unnest($2::uuid[], $3::uuid[]) AS t (service, "group")`,
    [communityId, ties.map((tie) => tie.service), ties.map((tie) => tie.group)],
  );
}

async function storeReaders(
  run: ApplyRun,
  communityId: string,
  services: readonly SettledService[],
): Promise<void> {
  const given = services.filter(({ after }) => after.reader !== null);
  const taken = services.filter(({ after }) => after.reader === null);
  await run.tx.query(
    `INSERT INTO service_readers (community_id, service_id, password_hash)
     SELECT $1, id, hash FROM unnest($2::uuid[], $3::text[]) AS r (id, hash)
     ON CONFLICT (community_id, service_id) DO UPDATE SET password_hash = EXCLUDED.password_hash`,
    [communityId, given.map(({ after }) => after.id), given.map(({ after }) => after.reader)],
  );
  await run.tx.query(
    'DELETE FROM service_readers WHERE community_id = $1 AND service_id = ANY($2::uuid[])',
    [communityId, taken.map(({ after }) => after.id)],
  );
}

/** Takes away services that the file does not name, with every token their apps hold. */
async function pruneServices(
  run: ApplyRun,
  { row: { id, slug } }: SettledCommunity,
  rows: readonly ServiceRow[],
  named: ReadonlySet<string>,
): Promise<void> {
  if (!run.prune) return;
  const gone = rows.filter((row) => !named.has(row.slug));
  if (gone.length === 0) return;
  const ids = gone.map((row) => row.id);
  await endServices(run, id, ids);
  await run.tx.query('DELETE FROM services WHERE community_id = $1 AND id = ANY($2::uuid[])', [
    id,
    ids,
  ]);
  for (const row of gone) {
    run.log.add(
      { action: 'remove', kind: 'service', community: slug, name: row.slug, fields: [] },
      { communityId: id, type: 'service.removed', serviceId: row.id, details: { slug: row.slug } },
    );
  }
}
