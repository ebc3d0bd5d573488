import { z } from 'zod';
import { NotFoundError, RefusedError } from '../../domain/errors.ts';
import { findByLogin } from '../../domain/memberships/membership-store.ts';
import {
  type AssistedRecovery,
  approveRecovery,
  endRecovery,
  handOutLink,
  listRecoveries,
  requestRecovery,
} from '../../domain/recovery/assisted-recovery.ts';
import { uuid } from '../../platform/text/uuid-schema.ts';
import { noFields, oneOf, typed } from '../../platform/web/form-fields.ts';
import { notFound } from '../../platform/web/http-errors.ts';
import { adminFrame } from '../community/admin-frame.ts';
import { timesFor } from '../components/times.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
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
      const fault = await requestFor(parts, request, who, username);
      if (fault === undefined) return request.redirect('/admin/recoveries?notice=requested');
      const page = await adminPage(parts, request, who);
      request.page({ ...page, username, fault }, { status: 400, member: who.member });
    },
  }),
  ...(['approve', 'refuse', 'link'] as const).flatMap(decisionRoutes),
];

type Decision = 'approve' | 'refuse' | 'link';

function decisionRoutes(what: Decision): CommunityRoute[] {
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
        const { fault, link } = await decide(parts, request, who, { id: params.id, what });
        if (fault === undefined && link === undefined) {
          const done = what === 'approve' ? 'approved' : 'refused';
          return request.redirect(`/admin/recoveries?notice=${done}`);
        }
        const page = await adminPage(parts, request, who);
        const status = fault === undefined ? 200 : 400;
        request.page({ ...page, fault, link }, { status, member: who.member });
      },
    }),
  ];
}

async function requestFor(
  parts: WebParts,
  { community, issuer }: CommunityRequest,
  { member: { subject: by } }: SignedIn,
  username: string,
): Promise<RecoveryFault | undefined> {
  if (username.trim() === '') return 'missing';
  const found = await findByLogin(parts.database, community.id, username);
  if (found === undefined) return 'unknown';
  const place = { communityId: community.id, issuerUrl: issuer.url };
  const asked = { subject: found.subject, by, delayHours: community.recoveryDelayHours };
  return faultOf(parts.database.transaction((tx) => requestRecovery(tx, place, asked)));
}

async function decide(
  parts: WebParts,
  { community, issuer }: CommunityRequest,
  { member: { subject: by } }: SignedIn,
  { id, what }: { id: string; what: Decision },
): Promise<{ fault: RecoveryFault | undefined; link: AdminPage['link'] }> {
  const { recoveryDelayHours: delayHours } = community;
  let link: AdminPage['link'];
  const fault = await faultOf(
    parts.database.transaction(async (tx) => {
      if (what === 'approve') {
        await approveRecovery(tx, community.id, { id, by, delayHours });
      } else if (what === 'refuse') {
        if (!(await endRecovery(tx, community.id, { id }, by, 'refused')))
          throw new NotFoundError('recovery');
      } else {
        const place = { communityId: community.id, issuerUrl: issuer.url };
        const { token, displayName } = await handOutLink(tx, place, { id, by });
        link = { url: `${issuer.url}/recover/assisted/${token}`, member: displayName };
      }
    }),
  );
  return { fault, link };
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
    mayApprove: approvedBy === null && own !== requestedBy && own !== recovery.subject,
    mayHandOut: isReady && isOneOfTwo,
  };
}

/** Why the rules are against it. */
async function faultOf(work: Promise<void>): Promise<RecoveryFault | undefined> {
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
