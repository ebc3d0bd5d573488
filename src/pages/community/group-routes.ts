import { z } from 'zod';
import { answerEntry } from '../../domain/groups/answer-entry.ts';
import { JOININGS } from '../../domain/groups/group-store.ts';
import { changeNestings } from '../../domain/groups/nest-groups.ts';
import { removeGroups } from '../../domain/groups/remove-groups.ts';
import { saveGroups } from '../../domain/groups/save-groups.ts';
import { changeMembersAs } from '../../domain/memberships/change-members-as.ts';
import { findByLogin } from '../../domain/memberships/membership-store.ts';
import { looksAfter, mayChangePeopleOf } from '../../domain/memberships/policy.ts';
import type { Transaction } from '../../platform/database/database.ts';
import { uuid } from '../../platform/text/uuid-schema.ts';
import { noFields, oneOf, typed } from '../../platform/web/form-fields.ts';
import { notFound } from '../../platform/web/http-errors.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { changeOrLead, leadSender, pageIn } from '../routing/done-steps.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { admin, adminRecent, groupManager, groupManagerRecent } from '../routing/who.ts';
import { groupFaults } from './group-faults.ts';
import { showDeleteGroup, showGroup } from './group-page.ts';
import { GROUP_NOTICES, type GroupFault, type GroupNotice } from './group-pages.ts';
import { readPeople } from './people-field.ts';
import { untilOf } from './until-field.ts';

const params = z.object({ id: uuid });
const trimmed = typed.transform((text) => text.trim());

type Asked = { id: string; by: string; about: string; notice: GroupNotice };

/** One group: what it is, who is in it, who looks after it. */
export const ADMIN_GROUP_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/admin/groups/:id',
    params,
    who: groupManager,
    query: z.object({ notice: oneOf(...GROUP_NOTICES) }),
    async handle({ parts, request, who, params: { id }, query: { notice } }) {
      if (!mayChangePeopleOf(who.acting, id)) throw notFound('group');
      await showGroup(parts, request, who, id, { notice });
    },
  }),
  route({
    method: 'POST',
    path: '/admin/groups/:id',
    params,
    who: adminRecent,
    form: z.object({
      name: trimmed,
      description: trimmed,
      joining: z.enum(JOININGS),
      seats: trimmed,
    }),
    async handle({ parts, request, who, params: { id }, form }) {
      const { name, joining } = form;
      const change = {
        id,
        name,
        joining,
        description: form.description === '' ? null : form.description,
        seats: form.seats === '' ? null : /^\d{1,9}$/.test(form.seats) ? Number(form.seats) : -1,
      };
      const asked = asking(id, who.member.subject, JSON.stringify(form), 'saved');
      const faults = await once(parts, request, asked, async (tx) => {
        await saveGroups(tx, request.community.id, [change], `member:${asked.by}`);
      });
      if (faults.length > 0) await showGroup(parts, request, who, id, { faults, form });
    },
  }),
  // People into the group, by username or address, several at once.
  route({
    method: 'POST',
    path: '/admin/groups/:id/add',
    params,
    who: groupManagerRecent,
    form: z.object({ people: typed, until: trimmed }),
    async handle({ parts, request, who, params: { id }, form: { people, until } }) {
      if (!mayChangePeopleOf(who.acting, id)) throw notFound('group');
      const { id: communityId } = request.community;
      const { subjects, faults: unknown } = await readPeople(
        parts.database,
        communityId,
        people,
        looksAfter(who.acting),
      );
      const end = untilOf(until);
      const faults: GroupFault[] = [...unknown, ...('code' in end ? [end] : [])];
      if (faults.length === 0 && !('code' in end)) {
        const about = `add ${subjects.join(' ')} ${until}`;
        const asked = asking(id, who.member.subject, about, 'added');
        const groups = { add: [{ id, until: end.until }] };
        const changes = subjects.map((subject) => ({ subject, groups }));
        faults.push(
          ...(await once(parts, request, asked, async (tx) => {
            await changeMembersAs(tx, placeOf(request), changes, asked.by);
          })),
        );
      }
      if (faults.length > 0) await showGroup(parts, request, who, id, { faults, people, until });
    },
  }),
  route({
    method: 'POST',
    path: '/admin/groups/:id/remove',
    params,
    who: groupManagerRecent,
    form: z.object({ subject: uuid }),
    async handle({ parts, request, who, params: { id }, form: { subject } }) {
      if (!mayChangePeopleOf(who.acting, id)) throw notFound('group');
      const asked = asking(id, who.member.subject, `remove ${subject}`, 'removed');
      await changeOrLead(parts, request, stepOf(request, asked), async (tx) => {
        const change = { subject, groups: { remove: [id] } };
        await changeMembersAs(tx, placeOf(request), [change], asked.by);
        return undefined;
      });
    },
  }),
  route({
    method: 'POST',
    path: '/admin/groups/:id/answer',
    params,
    who: groupManagerRecent,
    form: z.object({ subject: uuid, decision: z.enum(['admit', 'refuse']) }),
    async handle({ parts, request, who, params: { id }, form: { subject, decision } }) {
      if (!mayChangePeopleOf(who.acting, id)) throw notFound('group');
      const admit = decision === 'admit';
      const about = `answer ${subject} ${decision}`;
      const asked = asking(id, who.member.subject, about, admit ? 'admitted' : 'refused');
      const answering = { admit, who: { by: asked.by } };
      let isLate = false;
      const work = changeOrLead(parts, request, stepOf(request, asked), async (tx) =>
        (await answerEntry(tx, placeOf(request), { groupId: id, subject }, answering))
          ? undefined
          : ('decided' as const),
      );
      const faults = await groupFaults(
        work.then((against) => {
          isLate = against !== undefined;
        }),
      );
      if (faults.length > 0) return showGroup(parts, request, who, id, { faults });
      if (!isLate || (await leadSender(parts, request, stepOf(request, asked).step))) return;
      request.redirect(`/admin/groups/${id}?notice=decided`);
    },
  }),
  route({
    method: 'POST',
    path: '/admin/groups/:id/managers',
    params,
    who: adminRecent,
    form: z.object({ manager: trimmed, subject: uuid.optional() }),
    async handle({ parts, request, who, params: { id }, form: { manager, subject } }) {
      const { id: communityId } = request.community;
      const found = subject ?? (await findByLogin(parts.database, communityId, manager))?.subject;
      if (found === undefined) {
        const code = manager === '' ? 'missing' : 'unknown';
        const faults: GroupFault[] = [{ field: 'manager', code, names: manager }];
        return showGroup(parts, request, who, id, { faults, manager });
      }
      const isNew = subject === undefined;
      const managers = isNew ? { add: [found] } : { remove: [found] };
      const notice = isNew ? 'manager-added' : 'manager-removed';
      const asked = asking(id, who.member.subject, `${notice} ${found}`, notice);
      await changeOrLead(parts, request, stepOf(request, asked), async (tx) => {
        await saveGroups(tx, communityId, [{ id, managers }], `member:${asked.by}`);
        return undefined;
      });
    },
  }),
  route({
    method: 'POST',
    path: '/admin/groups/:id/inside',
    params,
    who: adminRecent,
    form: z.object({ child: uuid, what: z.enum(['add', 'remove']) }),
    async handle({ parts, request, who, params: { id }, form: { child, what } }) {
      const notice = what === 'add' ? 'nested' : 'unnested';
      const asked = asking(id, who.member.subject, `${what} ${child}`, notice);
      const faults = await once(parts, request, asked, async (tx) => {
        const changes = { [what]: [{ parentId: id, childId: child }] };
        await changeNestings(tx, request.community.id, changes, `member:${asked.by}`);
      });
      if (faults.length > 0) await showGroup(parts, request, who, id, { faults });
    },
  }),
  route({
    method: 'GET',
    path: '/admin/groups/:id/delete',
    params,
    who: admin,
    handle: ({ parts, request, who, params: { id } }) => showDeleteGroup(parts, request, who, id),
  }),
  route({
    method: 'POST',
    path: '/admin/groups/:id/delete',
    params,
    who: adminRecent,
    form: noFields,
    async handle({ parts, request, who, params: { id } }) {
      const { subject } = who.member;
      const asked = { step: pageIn(request, subject), subject, to: '/admin/groups?notice=deleted' };
      await changeOrLead(parts, request, asked, async (tx) => {
        await removeGroups(tx, request.community.id, [id], `member:${subject}`);
        return undefined;
      });
    },
  }),
  // Where they come back to who had to sign in again before they changed something.
  ...['add', 'remove', 'answer', 'managers', 'inside'].map((what) =>
    route({
      method: 'GET',
      path: `/admin/groups/:id/${what}`,
      params,
      who: groupManager,
      handle({ request, who, params: { id } }) {
        if (!mayChangePeopleOf(who.acting, id) || !request.community.groups.has(id))
          throw notFound('group');
        request.redirect(`/admin/groups/${id}`);
      },
    }),
  ),
];

const placeOf = ({ community, issuer }: CommunityRequest) => ({
  id: community.id,
  issuerUrl: issuer.url,
});

const asking = (id: string, by: string, about: string, notice: GroupNotice): Asked => ({
  id,
  by,
  about,
  notice,
});

function stepOf(request: CommunityRequest, { id, by, about, notice }: Asked) {
  const step = pageIn(request, `${by} ${about}`);
  return { step, subject: by, to: `/admin/groups/${id}?notice=${notice}` };
}

/** Does it once, and leads back to the group. @returns what is against it */
function once(
  parts: WebParts,
  request: CommunityRequest,
  asked: Asked,
  work: (tx: Transaction) => Promise<void>,
): Promise<GroupFault[]> {
  return groupFaults(
    changeOrLead(parts, request, stepOf(request, asked), async (tx) => {
      await work(tx);
      return undefined;
    }),
  );
}
