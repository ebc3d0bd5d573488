import type { Queryable } from '../../platform/database/database.ts';
import {
  collectEvents,
  collectMembership,
  collectPerson,
  listMembershipsOf,
} from './collect-export.ts';

/**
 * All that the hub keeps of a person, as one JSON document, piece by piece: somebody's timeline may be long.
 * Instants are ISO 8601, in UTC.
 */
export async function* writeExport(
  db: Queryable,
  personId: string,
  now = new Date(),
): AsyncGenerator<string> {
  yield `{"format":"trousseau-person","version":1,"exportedAt":${JSON.stringify(now)},"person":${JSON.stringify(await collectPerson(db, personId))},"memberships":[`;
  let first = true;
  for (const key of await listMembershipsOf(db, personId)) {
    const membership = JSON.stringify(await collectMembership(db, key));
    yield `${first ? '' : ','}${membership.slice(0, -1)},"timeline":[`;
    first = false;
    let firstEvent = true;
    for await (const events of collectEvents(db, key)) {
      if (events.length === 0) continue;
      yield (firstEvent ? '' : ',') + events.map((event) => JSON.stringify(event)).join(',');
      firstEvent = false;
    }
    yield ']}';
  }
  yield ']}\n';
}
