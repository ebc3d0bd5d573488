import { findByLogin } from '../../domain/memberships/membership-store.ts';
import type { Queryable } from '../../platform/database/database.ts';
import type { GroupFault } from './group-pages.ts';

/** As many names as one form takes. */
const MOST = 50;

/**
 * The members whom a list of usernames and addresses names, one on a line or between commas.
 * @param byAddress whether addresses count: who may not read them all is not told whose they are
 */
export async function readPeople(
  db: Queryable,
  communityId: string,
  text: string,
  byAddress: boolean,
): Promise<{ subjects: string[]; faults: GroupFault[] }> {
  const names = [...new Set(text.split(/[\n,;]+/).map((name) => name.trim()))].filter(
    (name) => name !== '',
  );
  if (names.length === 0) return { subjects: [], faults: [{ field: 'people', code: 'missing' }] };
  const subjects: string[] = [];
  const unknown: string[] = [];
  if (names.length > MOST) return { subjects: [], faults: [{ field: 'people', code: 'too-many' }] };
  for (const name of names) {
    const isNamed = byAddress || !name.includes('@');
    const found = isNamed ? await findByLogin(db, communityId, name) : undefined;
    if (found === undefined || found.status === 'left') unknown.push(name);
    else if (!subjects.includes(found.subject)) subjects.push(found.subject);
  }
  if (unknown.length === 0) return { subjects, faults: [] };
  const shown = unknown.slice(0, 10).join(', ').slice(0, 500);
  return { subjects, faults: [{ field: 'people', code: 'unknown', names: shown }] };
}
