import type { z } from 'zod';
import { NotFoundError } from '../../domain/errors.ts';
import { listGroups } from '../../domain/groups/group-store.ts';
import {
  type ClientRow,
  readServices,
  type ServiceRow,
} from '../../domain/services/service-rows.ts';
import type { Queryable } from '../../platform/database/database.ts';
import type { service } from './schema.ts';

type ShownService = z.output<typeof service>;

export async function showServices(db: Queryable, communityId: string): Promise<ShownService[]> {
  const rows = await readServices(db, communityId);
  const names = new Map((await listGroups(db, communityId)).map(({ id, name }) => [id, name]));
  return rows.map((row) => shown(row, names));
}

/** @throws NotFoundError when it is not of this community */
export async function showService(
  db: Queryable,
  communityId: string,
  slug: string,
): Promise<ShownService> {
  const found = (await showServices(db, communityId)).find((one) => one.slug === slug);
  if (found === undefined) throw new NotFoundError('service');
  return found;
}

/** Its id, which stays inside: a service is called by its slug. @throws NotFoundError */
export async function serviceIdOf(
  db: Queryable,
  communityId: string,
  slug: string,
): Promise<string> {
  const found = (await readServices(db, communityId)).find((one) => one.slug === slug);
  if (found === undefined) throw new NotFoundError('service');
  return found.id;
}

function shown(row: ServiceRow, names: ReadonlyMap<string, string>): ShownService {
  const groups = row.accessGroups.map((id) => names.get(id) ?? '').sort();
  return {
    slug: row.slug,
    name: row.name,
    description: row.description,
    icon: row.icon,
    recipe: row.recipe,
    url: row.url,
    trust: row.trust,
    access: row.access === 'groups' ? { groups } : row.access,
    sessionHours: row.sessionHours,
    reader: row.reader !== null,
    client: row.client && shownClient(row.client),
  };
}

function shownClient({ sealedSecret: _, authOnly, auth, ...client }: ClientRow) {
  return { ...client, auth: authOnly && auth !== 'none' ? { only: auth } : auth };
}
