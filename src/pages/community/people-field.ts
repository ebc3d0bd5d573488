import { findByLogins } from '../../domain/memberships/membership-store.ts';
import type { Queryable } from '../../platform/database/database.ts';
import { nameKey } from '../../platform/text/names.ts';
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
  if (names.length > MOST) return { subjects: [], faults: [{ field: 'people', code: 'too-many' }] };
  const named = names.filter((name) => byAddress || !nameKey(name).includes('@'));
  const found = await findByLogins(db, communityId, named);
  const subjects = new Set<string>();
  const unknown: string[] = [];
  for (const name of names) {
    const person = found.get(name);
    if (person === undefined || person.status === 'left') unknown.push(name);
    else subjects.add(person.subject);
  }
  if (unknown.length === 0) return { subjects: [...subjects], faults: [] };
  const shown = unknown.slice(0, 10).join(', ').slice(0, 500);
  return { subjects: [...subjects], faults: [{ field: 'people', code: 'unknown', names: shown }] };
}
