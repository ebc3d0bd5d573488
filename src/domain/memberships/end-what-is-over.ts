import type { Database, Queryable } from '../../platform/database/database.ts';
import { saveMembers } from './save-members.ts';

/** How many end in one transaction. */
const BATCH = 200;

type Due = { communityId: string; subject: string };

/**
 * Takes away what has ended by now: memberships, roles, places in groups. They opened nothing since
 * (`membership-standing.ts`); this ends sessions and tokens, tells apps and writes events, by the change that people's
 * changes are (invariant 3). Any number of workers may do so at once: what is over is looked at again under the
 * change's locks, which come groups first, so that nobody's rows are locked to be claimed.
 * @returns how many members it concerned
 * @throws AggregateError when some communities' could not be ended; the others' were
 */
export async function endWhatIsOver(
  database: Database,
  { batch = BATCH, signal }: { batch?: number; signal?: AbortSignal } = {},
): Promise<number> {
  let ended = 0;
  const failures = new Set<unknown>();
  let after: Due = { communityId: NOBODY, subject: NOBODY };
  while (!signal?.aborted) {
    const due = await findDue(database, after, batch);
    const last = due.at(-1);
    if (last === undefined) break;
    after = last;
    for (const [communityId, some] of Map.groupBy(due, (one) => one.communityId)) {
      const changes = some.map(({ subject }) => ({ subject, whatEnded: true as const }));
      try {
        const saved = await database.transaction((tx) =>
          saveMembers(tx, { id: communityId, issuerUrl: undefined }, changes, 'hub'),
        );
        ended += saved.filter(({ changed, removed }) => changed.length + removed.length > 0).length;
      } catch (error) {
        failures.add(error);
      }
    }
  }
  if (failures.size > 0) throw new AggregateError(failures, 'not all that is over could be ended');
  return ended;
}

/** Milliseconds until the next end of anything that is to come, in whichever community; undefined when there is none. */
export async function nextEnd(db: Queryable): Promise<number | undefined> {
  const [row] = await db.query<{ ms: number | null }>(
    `SELECT (extract(epoch FROM LEAST(
         (SELECT min(until) FROM memberships WHERE until > now() AND status = 'active'),
         (SELECT min(role_until) FROM memberships WHERE role_until > now()),
         (SELECT min(until) FROM group_members WHERE until > now())) - now()) * 1000)::float8 AS ms`,
  );
  return row?.ms == null ? undefined : Math.ceil(row.ms);
}

const NOBODY = '00000000-0000-0000-0000-000000000000';

/** A community that is frozen or gone lets nobody in, and changes no more: its ends come when it is back. */
function findDue(db: Queryable, after: Due, batch: number): Promise<Due[]> {
  return db.query<Due>(
    `SELECT d.community_id AS "communityId", d.subject FROM (
       SELECT community_id, subject FROM memberships WHERE until <= now() AND status = 'active'
       UNION SELECT community_id, subject FROM memberships WHERE role_until <= now()
       UNION SELECT community_id, subject FROM group_members WHERE until <= now()) d
     JOIN communities c ON c.id = d.community_id AND c.state = 'active'
     WHERE (d.community_id, d.subject) > ($1::uuid, $2::uuid)
     ORDER BY d.community_id, d.subject LIMIT $3`,
    [after.communityId, after.subject, batch],
  );
}
