import { z } from 'zod';
import { NotFoundError } from '../../domain/errors.ts';
import { groupDescriptionFault, groupNameFault } from '../../domain/groups/group-faults.ts';
import { listGroups, pageOfGroup } from '../../domain/groups/group-store.ts';
import { changeNestings, lockNestings, storedNestings } from '../../domain/groups/nest-groups.ts';
import { removeGroups } from '../../domain/groups/remove-groups.ts';
import { saveGroups } from '../../domain/groups/save-groups.ts';
import { STATUSES } from '../../domain/memberships/membership-store.ts';
import { lockGroupsAround } from '../../domain/memberships/touch-entries.ts';
import type { Queryable, Transaction } from '../../platform/database/database.ts';
import type { Actor } from '../../platform/events/record-event.ts';
import { nameKey } from '../../platform/text/names.ts';
import { uuid } from '../../platform/text/uuid-schema.ts';
import { type ApiRoute, apiRoute } from '../routing/api-route.ts';
import { inCommunity } from '../routing/callers.ts';
import { cursorsOf, listOf, pageOf, paging } from '../routing/cursor.ts';
import { checkedText, whole } from '../routing/fields.ts';
import { idsOfNamed } from './group-names.ts';

const name = checkedText(groupNameFault, { max: 128 });
const values = {
  name,
  description: checkedText(groupDescriptionFault, { max: 1_000 }).nullable(),
  groups: whole(name, {
    description: 'names of the groups directly inside it: whoever is in those is in it',
  }),
};
const newGroup = z.strictObject(values).partial().required({ name: true });
const groupPatch = z.strictObject(values).partial();

const group = z.object({
  id: z.uuid(),
  name: z.string(),
  description: z.string().nullable(),
  groups: z.array(z.string()),
  members: z.int().meta({ description: 'how many are directly in it, whatever their status' }),
});
const inside = z.object({
  subject: z.uuid(),
  username: z.string(),
  status: z.enum(STATUSES),
});

const params = z.object({ id: uuid });

export const GROUP_ROUTES: ApiRoute[] = [
  apiRoute({
    method: 'GET',
    path: '/v1/groups',
    who: inCommunity('groups:read'),
    summary: 'List groups, by name',
    query: z.strictObject(paging),
    answer: listOf(group),
    async handle({ parts, who: { community }, query: { limit, cursor } }) {
      const cursors = cursorsOf(parts.sealer, ['groups', community.id]);
      const after = cursors.open(cursor);
      const groups = byKey(await showGroups(parts.database, community.id));
      const { items, next } = pageOf(groups, ({ name }) => nameKey(name), { after, limit });
      return { value: { items, next: cursors.make(next) } };
    },
  }),
  apiRoute({
    method: 'POST',
    path: '/v1/groups',
    who: inCommunity('groups:write'),
    summary: 'Make a group',
    body: newGroup,
    answer: group,
    makes: true,
    async handle({ who: { community, actor }, body: { groups, ...values }, change }) {
      return change(async (tx) => {
        const [saved] = await saveGroups(tx, community.id, [values], actor);
        const id = saved?.id as string;
        await nest(tx, community.id, { id, groups }, actor);
        return { value: await showGroup(tx, community.id, id), location: `/groups/${id}` };
      });
    },
  }),
  apiRoute({
    method: 'GET',
    path: '/v1/groups/:id',
    params,
    who: inCommunity('groups:read'),
    summary: 'Show a group',
    answer: group,
    handle: async ({ parts, who: { community }, params: { id } }) => ({
      value: await showGroup(parts.database, community.id, id),
    }),
  }),
  apiRoute({
    method: 'PATCH',
    path: '/v1/groups/:id',
    params,
    who: inCommunity('groups:write'),
    summary: 'Change a group',
    body: groupPatch,
    answer: group,
    isConditional: true,
    async handle({ who, params: { id }, body, change, requireMatch }) {
      const { community, actor } = who;
      return change(async (tx) => {
        await lock(tx, community.id, id);
        requireMatch(await showGroup(tx, community.id, id));
        const { groups, ...values } = body;
        await saveGroups(tx, community.id, [{ ...values, id }], actor);
        await nest(tx, community.id, { id, groups }, actor);
        return { value: await showGroup(tx, community.id, id) };
      });
    },
  }),
  apiRoute({
    method: 'DELETE',
    path: '/v1/groups/:id',
    params,
    who: inCommunity('groups:write'),
    summary: 'Delete a group',
    description: 'All who are in it are signed out, and their apps are told.',
    isConditional: true,
    async handle({ who: { community, actor }, params: { id }, change, requireMatch }) {
      await change(async (tx) => {
        await lock(tx, community.id, id);
        requireMatch(await showGroup(tx, community.id, id));
        await removeGroups(tx, community.id, [id], actor);
        return { value: null };
      });
      return undefined;
    },
  }),
  apiRoute({
    method: 'GET',
    path: '/v1/groups/:id/members',
    params,
    who: inCommunity('groups:read'),
    summary: 'List who is directly in a group, by username',
    query: z.strictObject(paging),
    answer: listOf(inside),
    async handle({ parts, who: { community }, params: { id }, query: { limit, cursor } }) {
      await showGroup(parts.database, community.id, id);
      const cursors = cursorsOf(parts.sealer, ['group-members', community.id, id]);
      const after = cursors.open(cursor);
      const page = { after, limit: limit + 1 };
      const rows = await pageOfGroup(parts.database, community.id, id, page);
      const items = rows.slice(0, limit);
      const last = rows.length > limit ? items.at(-1) : undefined;
      return { value: { items, next: cursors.make(last && nameKey(last.username)) } };
    },
  }),
];

/** The order of keys, whatever the database's is. */
function byKey<Item extends { name: string }>(items: readonly Item[]): Item[] {
  return [...items].sort((a, b) => (nameKey(a.name) < nameKey(b.name) ? -1 : 1));
}

async function showGroups(db: Queryable, communityId: string): Promise<z.output<typeof group>[]> {
  const groups = await listGroups(db, communityId);
  return groups.map(({ children, ...row }) => ({ ...row, groups: children }));
}

/** @throws NotFoundError when it is not of this community */
async function showGroup(
  db: Queryable,
  communityId: string,
  id: string,
): Promise<z.output<typeof group>> {
  const found = (await showGroups(db, communityId)).find((one) => one.id === id);
  if (found === undefined) throw new NotFoundError('group');
  return found;
}

/** With the lock of nestings, which comes before those of groups. */
async function lock(tx: Transaction, communityId: string, id: string): Promise<void> {
  await lockNestings(tx, communityId);
  await lockGroupsAround(tx, communityId, [id]);
}

/** Makes these the groups that are directly inside. */
async function nest(
  tx: Transaction,
  communityId: string,
  { id: parentId, groups }: { id: string; groups: string[] | undefined },
  actor: Actor,
): Promise<void> {
  if (groups === undefined) return;
  const wanted = await idsOfNamed(tx, communityId, groups, ['groups']);
  const now = (await storedNestings(tx, communityId)).filter((one) => one.parentId === parentId);
  const add = wanted.map((childId) => ({ parentId, childId }));
  const remove = now.filter(({ childId }) => !wanted.includes(childId));
  await changeNestings(tx, communityId, { add, remove }, actor);
}
