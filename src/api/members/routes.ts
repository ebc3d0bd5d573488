import { z } from 'zod';
import { requireAuthority } from '../../domain/api-tokens/token-authority.ts';
import { communityAddress } from '../../domain/communities/community-address.ts';
import { NotFoundError, RefusedError } from '../../domain/errors.ts';
import type { ChangedMember } from '../../domain/memberships/member-change.ts';
import {
  listMembers,
  lockMembership,
  type Membership,
  STATUSES,
} from '../../domain/memberships/membership-store.ts';
import { saveMembers } from '../../domain/memberships/save-members.ts';
import { lockGroupsOfMembers } from '../../domain/memberships/touch-entries.ts';
import type { Transaction } from '../../platform/database/database.ts';
import { uuid } from '../../platform/text/uuid-schema.ts';
import { idsOfNamed } from '../groups/group-names.ts';
import { type ApiParts, type ApiRoute, apiRoute } from '../routing/api-route.ts';
import { type CommunityCaller, inCommunity } from '../routing/callers.ts';
import { cursorsOf, listOf, paging } from '../routing/cursor.ts';
import { member, memberPatch, newMember } from './schema.ts';
import { showMember, showMembers } from './show-member.ts';

/** What the domain calls otherwise. */
const NAMES = { displayName: 'name' };
const params = z.object({ subject: uuid });

export const MEMBER_ROUTES: ApiRoute[] = [
  apiRoute({
    method: 'GET',
    path: '/v1/members',
    who: inCommunity('members:read'),
    summary: 'List members, by username',
    query: z.strictObject({
      ...paging,
      search: z.string().max(200).optional().meta({
        description: 'part of a username, a name or an address, without case',
      }),
      status: z.enum(STATUSES).optional(),
    }),
    answer: listOf(member),
    async handle({ parts, who: { community }, query: { limit, cursor, ...filter } }) {
      const cursors = cursorsOf(parts.sealer, ['members', community.id, filter]);
      const after = cursors.open(cursor);
      const page = await listMembers(parts.database, community.id, {
        ...filter,
        limit,
        ...(after !== undefined && { after }),
      });
      const items = await showMembers(parts.database, community.id, page.members);
      return { value: { items, next: cursors.make(page.next) } };
    },
  }),
  apiRoute({
    method: 'POST',
    path: '/v1/members',
    who: inCommunity('members:write'),
    summary: 'Make a member',
    description:
      'They have no password: they get one by "Forgotten password?" at the address that is given. An invitation is the way to let people choose their own name.',
    body: newMember,
    answer: member,
    makes: true,
    names: NAMES,
    async handle({ parts, who, body: { name, groups = [], ...values }, change }) {
      const { id } = who.community;
      requireAuthority(who.voucher, { given: values.role });
      return change(async (tx) => {
        const groupIds = await idsOfNamed(tx, id, groups, ['groups']);
        const place = await placeOf(parts, tx, id);
        const added = { ...values, displayName: name, groupIds, emailVerified: true };
        const [saved] = await saveMembers(tx, place, [added], who.actor, who.voucher?.subject);
        const value = await showMember(tx, id, saved?.subject as string);
        return { value, location: `/members/${value.subject}` };
      });
    },
  }),
  apiRoute({
    method: 'GET',
    path: '/v1/members/:subject',
    params,
    who: inCommunity('members:read'),
    summary: 'Show a member',
    answer: member,
    handle: async ({ parts, who: { community }, params: { subject } }) => ({
      value: await showMember(parts.database, community.id, subject),
    }),
  }),
  apiRoute({
    method: 'PATCH',
    path: '/v1/members/:subject',
    params,
    who: inCommunity('members:write'),
    summary: 'Change a member',
    description:
      'Who loses a role, a group or their standing is signed out everywhere, and their apps are told.',
    body: memberPatch,
    answer: member,
    isConditional: true,
    names: NAMES,
    async handle({ parts, who, params: { subject }, body, change, requireMatch }) {
      const { id } = who.community;
      return change(async (tx) => {
        const { name, groups, ...values } = body;
        const only = groups && (await idsOfNamed(tx, id, groups, ['groups']));
        await lock(tx, who, { subject, given: values.role, groupIds: only });
        requireMatch(await showMember(tx, id, subject));
        await save(parts, tx, who, {
          ...values,
          subject,
          displayName: name,
          groups: only && { only },
        });
        return { value: await showMember(tx, id, subject) };
      });
    },
  }),
  apiRoute({
    method: 'DELETE',
    path: '/v1/members/:subject',
    params,
    who: inCommunity('members:write'),
    summary: 'Let a member go',
    description:
      'The same as the status `left`: all access ends. The person and the subject stay, and are never somebody else’s.',
    isConditional: true,
    async handle({ parts, who, params: { subject }, change, requireMatch }) {
      await change(async (tx) => {
        await lock(tx, who, { subject });
        requireMatch(await showMember(tx, who.community.id, subject));
        await save(parts, tx, who, { subject, status: 'left' });
        return { value: null };
      });
      return undefined;
    },
  }),
];

type Wanted = {
  subject: string;
  /** The role that they get. */
  given?: Membership['role'] | undefined;
  /** The groups that they come into. */
  groupIds?: string[] | undefined;
};

/**
 * Locks a member whom the token may change, behind the groups that may change with them, as every change does.
 * @throws NotFoundError when the member is not of this community
 * @throws RefusedError `state` for who has left: they come back by an invitation or a request, as somebody new
 */
async function lock(
  tx: Transaction,
  { community, voucher }: CommunityCaller,
  { subject, given, groupIds }: Wanted,
): Promise<void> {
  await lockGroupsOfMembers(tx, community.id, [subject], groupIds);
  const row = await lockMembership(tx, community.id, subject);
  if (row === undefined) throw new NotFoundError('member');
  requireAuthority(voucher, { of: row.role, given });
  if (row.status === 'left')
    throw new RefusedError('state', 'they have left: invite them, or let them ask to join again');
}

async function save(
  parts: ApiParts,
  tx: Transaction,
  { community: { id }, actor, voucher }: CommunityCaller,
  changed: ChangedMember,
): Promise<void> {
  // Whoever vouches for the token may do it themselves, or the token may not.
  await saveMembers(tx, await placeOf(parts, tx, id), [changed], actor, voucher?.subject);
}

async function placeOf({ config }: ApiParts, tx: Transaction, id: string) {
  return { id, issuerUrl: await communityAddress(tx, config.url, id) };
}
