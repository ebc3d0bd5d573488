import { z } from 'zod';
import { enterGroup, leaveGroup } from '../../domain/groups/enter-group.ts';
import { listOwnGroups } from '../../domain/groups/group-store.ts';
import { uuid } from '../../platform/text/uuid-schema.ts';
import { noFields, oneOf } from '../../platform/web/form-fields.ts';
import { lastDay } from '../components/last-day.ts';
import { localeOf } from '../routing/chrome.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { member } from '../routing/who.ts';

const params = z.object({ id: uuid });

/** The groups of a member: to come in where that is open or on request, and to leave. */
export const ACCOUNT_GROUP_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/account/groups',
    who: member,
    query: z.object({ notice: oneOf('in', 'requested', 'left', 'withdraw') }),
    async handle({ parts, request, who, query: { notice } }) {
      const { community, issuer } = request;
      const groups = await listOwnGroups(parts.database, community.id, who.member.subject);
      const locale = localeOf(request.ctx, community.locale);
      const views = groups.map(({ description, until, isManaged, isFull, ...group }) => ({
        ...group,
        description: description ?? undefined,
        until: until === null ? undefined : lastDay(until, locale),
        isFull: isFull === true && !group.isIn,
        manageUrl: isManaged ? `${issuer.basePath}/admin/groups/${group.id}` : undefined,
      }));
      request.page(
        {
          page: 'account/groups',
          action: `${issuer.basePath}/account/groups`,
          csrf: request.csrf(),
          mine: views.filter(({ isIn, manageUrl }) => isIn || manageUrl !== undefined),
          others: views.filter(({ isIn, manageUrl }) => !isIn && manageUrl === undefined),
          notice,
        },
        { member: who.member },
      );
    },
  }),
  route({
    method: 'POST',
    path: '/account/groups/:id/enter',
    params,
    who: member,
    form: noFields,
    async handle({ parts, request, who, params: { id } }) {
      const { subject } = who.member;
      const place = { id: request.community.id, issuerUrl: request.issuer.url };
      const now = await parts.database.transaction((tx) =>
        enterGroup(tx, place, { groupId: id, subject }),
      );
      await parts.settle();
      request.redirect(`/account/groups?notice=${now}`);
    },
  }),
  route({
    method: 'POST',
    path: '/account/groups/:id/leave',
    params,
    who: member,
    form: z.object({ what: oneOf('withdraw') }),
    async handle({ parts, request, who, params: { id }, form: { what } }) {
      const { subject } = who.member;
      const place = { id: request.community.id, issuerUrl: request.issuer.url };
      await parts.database.transaction((tx) => leaveGroup(tx, place, { groupId: id, subject }));
      await parts.settle();
      // Whoever loses a group is signed out, and comes back to the page after they signed in again.
      request.redirect(`/account/groups?notice=${what ?? 'left'}`);
    },
  }),
];
