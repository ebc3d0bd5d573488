import { z } from 'zod';
import { communityAddress } from '../../domain/communities/community-address.ts';
import { groupNameFault } from '../../domain/groups/group-faults.ts';
import { createInvitation } from '../../domain/invitations/create-invitation.ts';
import {
  INVITATION_DAYS,
  INVITATION_USES,
  type Invitation,
  invitationPath,
} from '../../domain/invitations/invitation.ts';
import {
  findInvitationById,
  pageOfInvitations,
} from '../../domain/invitations/invitation-store.ts';
import type { Inviter } from '../../domain/invitations/inviter.ts';
import { revokeInvitation } from '../../domain/invitations/revoke-invitation.ts';
import { nameFault } from '../../domain/memberships/member-faults.ts';
import { ROLES } from '../../domain/memberships/membership-store.ts';
import { uuid } from '../../platform/text/uuid-schema.ts';
import { notFound } from '../../platform/web/http-errors.ts';
import { idsOfNamed } from '../groups/group-names.ts';
import { type ApiRoute, apiRoute } from '../routing/api-route.ts';
import { type CommunityCaller, inCommunity } from '../routing/callers.ts';
import { cursorsOf, listOf, paging } from '../routing/cursor.ts';
import { checkedText, moment, number, told, whole } from '../routing/fields.ts';

const newInvitation = z.strictObject({
  label: checkedText(nameFault, { max: 100, description: 'what it is called in the list' }),
  role: z.enum(ROLES).default('member'),
  groups: whole(checkedText(groupNameFault, { max: 128 }), { max: 100 }).default([]),
  maxUses: number(INVITATION_USES)
    .nullable()
    .default(1)
    .meta({ description: 'null: as many as come' }),
  days: number(INVITATION_DAYS).default(7),
});

const invitation = z.object({
  id: z.uuid(),
  label: z.string(),
  role: z.enum(ROLES),
  groups: z.array(z.string()),
  email: z.string().nullable().meta({ description: 'where it was sent; null: handed over' }),
  maxUses: z.int().nullable(),
  uses: z.int(),
  state: z.enum(['open', 'revoked', 'used-up', 'expired']),
  createdAt: moment,
  expiresAt: moment,
});
const madeInvitation = invitation.extend({
  url: z.string().meta({ description: 'the link, shown by this answer alone' }),
});

export const INVITATION_ROUTES: ApiRoute[] = [
  apiRoute({
    method: 'GET',
    path: '/v1/invitations',
    who: inCommunity('invitations:read'),
    summary: 'List invitations, the newest first; without their links',
    query: z.strictObject(paging),
    answer: listOf(invitation),
    async handle({ parts, who: { community }, query: { limit, cursor } }) {
      const cursors = cursorsOf(parts.sealer, ['invitations', community.id]);
      const page = { after: cursors.open(cursor), limit: limit + 1 };
      const rows = await pageOfInvitations(parts.database, community.id, page);
      const items = rows.slice(0, limit);
      const next = rows.length > limit ? items.at(-1)?.id : undefined;
      return { value: { items: items.map(shown), next: cursors.make(next) } };
    },
  }),
  apiRoute({
    method: 'POST',
    path: '/v1/invitations',
    who: inCommunity('invitations:write'),
    summary: 'Make an invitation',
    description: 'Whoever opens its link becomes a member, whatever the rule for registration is.',
    body: newInvitation,
    answer: madeInvitation,
    makes: true,
    async handle({ parts, who, body: { groups, ...values }, change }) {
      const { id: communityId } = who.community;
      return change(async (tx) => {
        const groupIds = await idsOfNamed(tx, communityId, groups, ['groups']);
        const wanted = { ...values, groupIds };
        const by = inviterOf(who);
        const { id, token } = await createInvitation(tx, parts.sealer, communityId, wanted, by);
        const state = shown((await findInvitationById(tx, communityId, id)) as Invitation);
        const issuerUrl = await communityAddress(tx, parts.config.url, communityId);
        return { value: { ...state, url: issuerUrl + invitationPath(token) }, state };
      });
    },
  }),
  apiRoute({
    method: 'DELETE',
    path: '/v1/invitations/:id',
    params: z.object({ id: uuid }),
    who: inCommunity('invitations:write'),
    summary: 'Revoke an invitation',
    description: 'Nobody comes in by it any more, and who came in stays. It stays in the list.',
    async handle({ who, params: { id }, change }) {
      const { id: communityId } = who.community;
      await change(async (tx) => {
        if ((await findInvitationById(tx, communityId, id)) === undefined)
          throw notFound('no such invitation');
        await revokeInvitation(tx, communityId, id, inviterOf(who));
        return { value: null };
      });
      return undefined;
    },
  }),
];

function inviterOf({ voucher, tokenId: token }: CommunityCaller): Inviter {
  return voucher === undefined ? { token } : { ...voucher, token };
}

function shown({ groups, createdBy: _, ...row }: Invitation): z.output<typeof invitation> {
  return {
    ...row,
    groups: groups.map(({ name }) => name),
    createdAt: told(row.createdAt),
    expiresAt: told(row.expiresAt),
  };
}
