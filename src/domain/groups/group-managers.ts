import type { Transaction } from '../../platform/database/database.ts';
import type { Actor, AuditEvent } from '../../platform/events/record-event.ts';
import { NotFoundError } from '../errors.ts';

/** Subjects of those who are to look after a group. */
export type Managers =
  | { add?: readonly string[]; remove?: readonly string[] }
  | { only: readonly string[] };

type Managed = { id?: string | undefined; managers?: Managers | undefined };

/** Subjects of managers that a group gets and loses. */
export type ManagerChange = { add: string[]; remove: string[] };

/**
 * What becomes of the managers of each changed group; the groups are locked.
 * @throws NotFoundError when one is to be a manager who is not of this community, or has left it
 */
export async function managerChanges(
  tx: Transaction,
  communityId: string,
  changes: readonly Managed[],
): Promise<ManagerChange[]> {
  const named = changes.filter(({ managers }) => managers !== undefined);
  if (named.length === 0) return changes.map(() => ({ add: [], remove: [] }));
  const stored = await tx.query<{ groupId: string; subject: string }>(
    `SELECT group_id AS "groupId", subject FROM group_managers
     WHERE community_id = $1 AND group_id = ANY($2::uuid[]) ORDER BY subject`,
    [communityId, named.flatMap(({ id }) => id ?? [])],
  );
  const byGroup = Map.groupBy(stored, ({ groupId }) => groupId);
  const settled = changes.map((change) => {
    const now = (byGroup.get(change.id ?? '') ?? []).map(({ subject }) => subject);
    return settle(change.managers, now);
  });
  await requireMembers(
    tx,
    communityId,
    settled.flatMap(({ add }) => add),
  );
  return settled;
}

function settle(managers: Managers | undefined, now: readonly string[]): ManagerChange {
  if (managers === undefined) return { add: [], remove: [] };
  const {
    only,
    add = only ?? [],
    remove = [],
  } = managers as {
    only?: readonly string[];
    add?: readonly string[];
    remove?: readonly string[];
  };
  const isGone = (subject: string) =>
    only === undefined ? remove.includes(subject) : !only.includes(subject);
  return {
    add: [...new Set(add)].filter((subject) => !now.includes(subject)),
    remove: now.filter(isGone),
  };
}

async function requireMembers(
  tx: Transaction,
  communityId: string,
  subjects: readonly string[],
): Promise<void> {
  const wanted = [...new Set(subjects)];
  if (wanted.length === 0) return;
  const rows = await tx.query(
    `SELECT 1 FROM memberships WHERE community_id = $1 AND subject = ANY($2::uuid[]) AND status <> 'left' FOR KEY SHARE`,
    [communityId, wanted],
  );
  if (rows.length < wanted.length) throw new NotFoundError('member');
}

type Settled = { id: string; managers: ManagerChange };

export async function storeManagers(
  tx: Transaction,
  communityId: string,
  groups: readonly Settled[],
): Promise<void> {
  const rows = (kind: keyof ManagerChange) =>
    groups.flatMap(({ id, managers }) => managers[kind].map((subject) => ({ id, subject })));
  const columns = (list: readonly { id: string; subject: string }[]) => [
    communityId,
    list.map(({ id }) => id),
    list.map(({ subject }) => subject),
  ];
  const [added, removed] = [rows('add'), rows('remove')];
  if (removed.length > 0)
    await tx.query(
      `DELETE FROM group_managers g USING unnest($2::uuid[], $3::uuid[]) AS gone (id, subject)
       WHERE g.community_id = $1 AND g.group_id = gone.id AND g.subject = gone.subject`,
      columns(removed),
    );
  if (added.length > 0)
    await tx.query(
      `INSERT INTO group_managers (community_id, group_id, subject)
       SELECT $1, id, subject FROM unnest($2::uuid[], $3::uuid[]) AS n (id, subject)`,
      columns(added),
    );
}

export function managerEvents(
  communityId: string,
  group: string,
  { add, remove }: ManagerChange,
  actor: Actor,
): AuditEvent[] {
  const event = (type: 'group.manager-added' | 'group.manager-removed') => (subject: string) => ({
    communityId,
    type,
    actor,
    subject,
    details: { group },
  });
  return [...add.map(event('group.manager-added')), ...remove.map(event('group.manager-removed'))];
}
