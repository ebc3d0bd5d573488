import { z } from 'zod';
import { type Answer, doStepOnce, type Step } from '../../domain/done-steps/done-step.ts';
import { NotFoundError, RefusedError } from '../../domain/errors.ts';
import { findLink } from '../../domain/links/link-store.ts';
import { findByLogin } from '../../domain/memberships/membership-store.ts';
import {
  type AssistedRecovery,
  approveRecovery,
  endRecovery,
  handOutLink,
  listRecoveries,
  mayApprove,
  requestRecovery,
} from '../../domain/recovery/assisted-recovery.ts';
import type { Transaction } from '../../platform/database/database.ts';
import { uuid } from '../../platform/text/uuid-schema.ts';
import { formIdOf } from '../../platform/web/csrf.ts';
import { noFields, oneOf, typed } from '../../platform/web/form-fields.ts';
import { notFound } from '../../platform/web/http-errors.ts';
import { adminFrame } from '../community/admin-frame.ts';
import { timesFor } from '../components/times.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { changeOrLead, doneBefore, leadSender, pageIn } from '../routing/done-steps.ts';
import type { SignedIn } from '../routing/signed-in.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { admin, adminRecent } from '../routing/who.ts';
import type { RecoveryFault, RecoveryPage, RecoveryView } from './pages.ts';

type AdminPage = Extract<RecoveryPage, { page: 'admin/recoveries' }>;

const MAX_LOGIN = 320;
const FAULTS = ['self', 'open', 'same', 'not-ready', 'role', 'owner'] as const;
const id = z.object({ id: uuid });

/** Two admins let a member back in who has no way left. */
export const ADMIN_RECOVERY_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/admin/recoveries',
    who: adminRecent,
    query: z.object({ notice: oneOf('requested', 'approved', 'refused') }),
    async handle({ parts, request, who, query: { notice } }) {
      const page = await adminPage(parts, request, who);
      request.page({ ...page, notice }, { member: who.member });
    },
  }),
  route({
    method: 'POST',
    path: '/admin/recoveries',
    who: adminRecent,
    form: z.object({ username: typed.transform((text) => text.slice(0, MAX_LOGIN)) }),
    async handle({ parts, request, who, form: { username } }) {
      const { subject } = who.member;
      const step = pageIn(request, `${subject} ${username}`);
      const asked = { step, subject, to: '/admin/recoveries?notice=requested' };
      const fault = await requestFor(parts, request, asked, username);
      if (fault === undefined) return;
      // Under way by this very browser.
      if (fault === 'open' && (await leadSender(parts, request, step))) return;
      const page = await adminPage(parts, request, who);
      request.page({ ...page, username, fault }, { status: 400, member: who.member });
    },
  }),
  ...(['approve', 'refuse', 'link'] as const).flatMap(decisionRoutes),
];

function decisionRoutes(what: 'approve' | 'refuse' | 'link'): CommunityRoute[] {
  return [
    // Where an admin comes back to who had to sign in again before they decided.
    route({
      method: 'GET',
      path: `/admin/recoveries/:id/${what}`,
      params: id,
      who: admin,
      async handle({ parts, request, params }) {
        const recoveries = await listRecoveries(parts.database, request.community.id);
        if (!recoveries.some((one) => one.id === params.id)) throw notFound('recovery');
        request.redirect('/admin/recoveries');
      },
    }),
    route({
      method: 'POST',
      path: `/admin/recoveries/:id/${what}`,
      params: id,
      who: adminRecent,
      form: noFields,
      async handle({ parts, request, who, params }) {
        const { subject } = who.member;
        const step = pageIn(request, subject);
        let fault: RecoveryFault | undefined;
        let link: AdminPage['link'];
        if (what === 'link') {
          ({ fault, link } = await handOut(parts, request, who, { id: params.id, step }));
          if (fault === undefined && link === undefined)
            return request.redirect('/admin/recoveries');
        } else {
          const done = what === 'approve' ? 'approved' : 'refused';
          const asked = { step, subject, to: `/admin/recoveries?notice=${done}` };
          fault = await decide(parts, request, asked, { id: params.id, what });
          if (fault === undefined) return;
        }
        const page = await adminPage(parts, request, who);
        const status = fault === undefined ? 200 : 400;
        request.page({ ...page, fault, link }, { status, member: who.member });
      },
    }),
  ];
}

type Asked = { step: Step | undefined; subject: string; to: string };

async function requestFor(
  parts: WebParts,
  request: CommunityRequest,
  asked: Asked,
  username: string,
): Promise<RecoveryFault | undefined> {
  if (username.trim() === '') return 'missing';
  const { community, issuer } = request;
  const found = await findByLogin(parts.database, community.id, username);
  if (found === undefined) return 'unknown';
  const place = { communityId: community.id, issuerUrl: issuer.url };
  const { subject: by } = asked;
  const wanted = { subject: found.subject, by, delayHours: community.recoveryDelayHours };
  return faultOf(changeOrLead(parts, request, asked, (tx) => requestRecovery(tx, place, wanted)));
}

async function decide(
  parts: WebParts,
  request: CommunityRequest,
  asked: Asked,
  { id, what }: { id: string; what: 'approve' | 'refuse' },
): Promise<RecoveryFault | undefined> {
  const { id: communityId, recoveryDelayHours: delayHours } = request.community;
  const { subject: by } = asked;
  const work = changeOrLead(parts, request, asked, async (tx) => {
    if (what === 'approve') await approveRecovery(tx, communityId, { id, by, delayHours });
    else if (!(await endRecovery(tx, communityId, { id }, by, 'refused')))
      throw new NotFoundError('recovery');
  });
  return faultOf(work);
}

/** Handed out once, however often its form is sent: each answer shows the same link, as long as that opens something. */
async function handOut(
  parts: WebParts,
  { ctx, community, issuer }: CommunityRequest,
  { member: { subject: by } }: SignedIn,
  { id, step }: { id: string; step: Step | undefined },
): Promise<{ fault?: RecoveryFault | undefined; link?: AdminPage['link'] }> {
  const place = { communityId: community.id, issuerUrl: issuer.url };
  const linkTo = async ({ shown }: Answer) => {
    const { token = '', displayName = '' } = shown ?? {};
    const found = await findLink(parts.database, community.id, 'assisted-recovery', token);
    return found && { url: `${issuer.url}/recover/assisted/${token}`, member: displayName };
  };
  const done = await doneBefore(parts, step);
  const underWay = await listRecoveries(parts.database, community.id);
  const before = done && underWay.some((one) => one.id === id) && (await linkTo(done));
  if (before) return { link: before };
  const form = formIdOf(ctx) ?? '';
  // Its link was used, or replaced by another admin's: a form sent again puts nothing in the place of that.
  if (done && done.shown?.form === form) return {};
  let link: AdminPage['link'];
  const work = async () => {
    const hand = async (tx: Transaction) => ({
      shown: { ...(await handOutLink(tx, place, { id, by })), form },
    });
    link = await linkTo(await doStepOnce(parts, step, hand, done?.doneAt));
  };
  return { fault: await faultOf(work()), link };
}

async function adminPage(
  parts: WebParts,
  request: CommunityRequest,
  { member }: SignedIn,
): Promise<AdminPage> {
  const { moment } = timesFor(request, member);
  const recoveries = await listRecoveries(parts.database, request.community.id);
  return {
    page: 'admin/recoveries',
    frame: await adminFrame(parts, request),
    csrf: request.csrf(),
    action: `${request.issuer.basePath}/admin/recoveries`,
    delayHours: request.community.recoveryDelayHours,
    username: '',
    recoveries: recoveries.map((one) => viewOf(one, member.subject, moment)),
  };
}

function viewOf(
  recovery: AssistedRecovery,
  own: string,
  moment: (date: Date) => string,
): RecoveryView {
  const { id, displayName, username, requestedBy, approvedBy, readyAt, isReady } = recovery;
  const isOneOfTwo = own === requestedBy || own === approvedBy;
  return {
    id,
    member: { displayName, username },
    requestedBy: recovery.requestedByName,
    approvedBy: recovery.approvedByName ?? undefined,
    ready: readyAt === null ? undefined : moment(readyAt),
    state: approvedBy === null ? 'waits-for-approval' : isReady ? 'ready' : 'waits',
    mayApprove: mayApprove(recovery, own),
    mayHandOut: isReady && isOneOfTwo,
  };
}

/** Why the rules are against it. */
async function faultOf(work: Promise<unknown>): Promise<RecoveryFault | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    if (error.code === 'state') return 'status';
    const fault = FAULTS.find((one) => one === error.code);
    if (fault === undefined) throw error;
    return fault;
  }
}
