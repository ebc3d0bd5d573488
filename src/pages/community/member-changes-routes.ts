import { z } from 'zod';
import { NotFoundError, RefusedError } from '../../domain/errors.ts';
import { changeMembersAs } from '../../domain/memberships/change-members-as.ts';
import type { ChangedMember } from '../../domain/memberships/member-change.ts';
import {
  findBySubject,
  type Membership,
  ROLES,
} from '../../domain/memberships/membership-store.ts';
import { mayManage, rolesToGive } from '../../domain/memberships/policy.ts';
import { endSession } from '../../domain/sessions/end-sessions.ts';
import type { Transaction } from '../../platform/database/database.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import { uuid } from '../../platform/text/uuid-schema.ts';
import { noFields, oneOf, typed } from '../../platform/web/form-fields.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { changeOrLead, pageIn } from '../routing/done-steps.ts';
import type { SignedIn } from '../routing/signed-in.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { admin, adminRecent } from '../routing/who.ts';
import type { MemberNotice } from './member-pages.ts';
import { memberParams } from './member-params.ts';
import { showMember } from './member-routes.ts';
import { untilOf } from './until-field.ts';

/** What an admin changes of one member: each form leads back to the member's page. */
export const ADMIN_MEMBER_CHANGES: CommunityRoute[] = [
  ...(['suspend', 'resume', 'let-go'] as const).map((what) =>
    route({
      method: 'POST',
      path: `/admin/members/:subject/${what}`,
      params: memberParams,
      who: adminRecent,
      form: noFields,
      async handle({ parts, request, who, params: { subject } }) {
        const statusChange = what === 'let-go' ? 'leave' : what;
        const notice = NOTICE_OF[what];
        await change(parts, request, who, { subject, about: what, notice }, (target) => {
          if (target.subject === who.member.subject) throw new RefusedError('self', 'not oneself');
          return { statusChange };
        });
      },
    }),
  ),
  route({
    method: 'POST',
    path: '/admin/members/:subject/role',
    params: memberParams,
    who: adminRecent,
    form: z.object({ role: z.enum(ROLES) }),
    async handle({ parts, request, who, params: { subject }, form: { role } }) {
      await change(parts, request, who, { subject, about: role, notice: 'role' }, (target) => {
        const given = rolesToGive(who.member.role);
        if (!given.includes(role) || !given.includes(target.role))
          throw new RefusedError('role', 'only an owner makes owners');
        return { role };
      });
    },
  }),
  route({
    method: 'POST',
    path: '/admin/members/:subject/until',
    params: memberParams,
    who: adminRecent,
    form: z.object({ until: typed.transform((text) => text.trim()), from: oneOf('home') }),
    async handle({ parts, request, who, params: { subject }, form: { until: day, from } }) {
      const end = untilOf(day);
      if ('code' in end)
        return showMember(parts, request, who, subject, { fault: end.code, typed: day });
      const asked = { subject, about: `until ${day}`, notice: 'until', from } as const;
      await change(parts, request, who, asked, () => end);
    },
  }),
  route({
    method: 'POST',
    path: '/admin/members/:subject/groups',
    params: memberParams,
    who: adminRecent,
    form: z.object({ group: uuid, what: z.enum(['add', 'remove']) }),
    async handle({ parts, request, who, params: { subject }, form: { group, what } }) {
      const notice = what === 'add' ? 'group-added' : 'group-removed';
      const groups = what === 'add' ? { add: [group] } : { remove: [group] };
      await change(parts, request, who, { subject, about: `${what} ${group}`, notice }, () => ({
        groups,
      }));
    },
  }),
  route({
    method: 'POST',
    path: '/admin/members/:subject/end-session',
    params: memberParams,
    who: adminRecent,
    form: z.object({ uid: typed }),
    async handle({ parts, request, who, params: { subject }, form: { uid } }) {
      const { id: communityId } = request.community;
      const asked = { subject, about: uid, notice: 'session-ended' } as const;
      await withTarget(parts, request, who, asked, async (tx) => {
        if (!(await endSession(tx, communityId, subject, uid))) throw new NotFoundError('session');
        const actor = `member:${who.member.subject}` as const;
        await recordEvents(tx, [{ communityId, type: 'session.ended', actor, subject }]);
      });
    },
  }),
  // Where an admin comes back to who had to sign in again before they changed something.
  ...['suspend', 'resume', 'role', 'until', 'groups', 'end-session'].map((what) =>
    route({
      method: 'GET',
      path: `/admin/members/:subject/${what}`,
      params: memberParams,
      who: admin,
      async handle({ parts, request, params: { subject } }) {
        if ((await findBySubject(parts.database, request.community.id, subject)) === undefined)
          throw new NotFoundError('member');
        request.redirect(`/admin/members/${subject}`);
      },
    }),
  ),
];

const NOTICE_OF = { suspend: 'suspended', resume: 'resumed', 'let-go': 'left' } as const;

type Asked = {
  subject: string;
  about: string;
  notice: MemberNotice;
  /** The page whose form it was, where that is not the member's. */
  from?: 'home' | undefined;
};

function change(
  parts: WebParts,
  request: CommunityRequest,
  who: SignedIn,
  asked: Asked,
  changeOf: (target: Membership) => Omit<ChangedMember, 'subject'>,
): Promise<void> {
  const place = { id: request.community.id, issuerUrl: request.issuer.url };
  return withTarget(parts, request, who, asked, async (tx, target) => {
    const changes = [{ subject: asked.subject, ...changeOf(target) }];
    await changeMembersAs(tx, place, changes, who.member.subject);
  });
}

/** Does it once, to somebody whom this admin may change. */
async function withTarget(
  parts: WebParts,
  request: CommunityRequest,
  { member: by }: SignedIn,
  { subject, about, notice, from }: Asked,
  work: (tx: Transaction, target: Membership) => Promise<void>,
): Promise<void> {
  const step = pageIn(request, `${by.subject} ${about}`);
  const to =
    from === 'home' ? '/admin?notice=extended' : `/admin/members/${subject}?notice=${notice}`;
  await changeOrLead(parts, request, { step, subject: by.subject, to }, async (tx) => {
    // Not locked yet: a change locks groups before members, and looks once more under its locks.
    const target = await findBySubject(tx, request.community.id, subject);
    if (target === undefined) throw new NotFoundError('member');
    if (!mayManage(by.role, target.role))
      throw new RefusedError('role', 'an admin changes no owner');
    await work(tx, target);
    return undefined;
  });
}
