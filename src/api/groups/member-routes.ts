import { z } from 'zod';
import { requireAuthority } from '../../domain/api-tokens/token-authority.ts';
import { communityAddress } from '../../domain/communities/community-address.ts';
import { NotFoundError } from '../../domain/errors.ts';
import { lockMembership } from '../../domain/memberships/membership-store.ts';
import { saveMembers } from '../../domain/memberships/save-members.ts';
import { lockGroupsAround } from '../../domain/memberships/touch-entries.ts';
import type { Transaction } from '../../platform/database/database.ts';
import { uuid } from '../../platform/text/uuid-schema.ts';
import { type ApiParts, type ApiRoute, apiRoute } from '../routing/api-route.ts';
import { type CommunityCaller, inCommunity } from '../routing/callers.ts';

const params = z.object({ id: uuid, subject: uuid });

/** Who is in a group and who is not: that stands for itself, so that nothing has to be known of before. */
export const GROUP_MEMBER_ROUTES: ApiRoute[] = [
  apiRoute({
    method: 'PUT',
    path: '/v1/groups/:id/members/:subject',
    params,
    who: inCommunity('groups:write'),
    summary: 'Put a member into a group',
    async handle({ parts, who, params, change }) {
      await change(async (tx) => {
        await tie(parts, tx, who, params, 'add');
        return { value: null };
      });
      return undefined;
    },
  }),
  apiRoute({
    method: 'DELETE',
    path: '/v1/groups/:id/members/:subject',
    params,
    who: inCommunity('groups:write'),
    summary: 'Take a member out of a group',
    description: 'They are signed out, and their apps are told.',
    async handle({ parts, who, params, change }) {
      await change(async (tx) => {
        await tie(parts, tx, who, params, 'remove');
        return { value: null };
      });
      return undefined;
    },
  }),
];

/** @throws NotFoundError when the group or the member is not of this community */
async function tie(
  { config }: ApiParts,
  tx: Transaction,
  { community: { id: communityId }, voucher, actor }: CommunityCaller,
  { id, subject }: { id: string; subject: string },
  kind: 'add' | 'remove',
): Promise<void> {
  const groups = await lockGroupsAround(tx, communityId, [id]);
  if (!groups.some((group) => group.id === id)) throw new NotFoundError('group');
  const row = await lockMembership(tx, communityId, subject);
  if (row === undefined) throw new NotFoundError('member');
  requireAuthority(voucher, { of: row.role });
  const place = { id: communityId, issuerUrl: await communityAddress(tx, config.url, communityId) };
  await saveMembers(tx, place, [{ subject, groups: { [kind]: [id] } }], actor);
}
