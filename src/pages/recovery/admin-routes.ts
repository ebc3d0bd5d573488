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
import { notFound } from '../../platform/web/http-errors.ts';
import { timesFor } from '../account/times.ts';
import { adminFrame } from '../community/admin-frame.ts';
import { requireAdmin } from '../community/require-admin.ts';
import { UUID } from '../community/uuid.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import type { CommunityRoutes } from '../routing/community-route-table.ts';
import type { SignedIn } from '../routing/signed-in.ts';
import type { WebParts } from '../routing/web-parts.ts';
import type { RecoveryFault, RecoveryPage, RecoveryView } from './pages.ts';

type AdminPage = Extract<RecoveryPage, { page: 'admin/recoveries' }>;

/** Two admins let a member back in who has no way left. */
export const ADMIN_RECOVERY_ROUTES: CommunityRoutes = [
  ['GET', /^\/admin\/recoveries$/, show],
  ['POST', /^\/admin\/recoveries$/, submitRequest],
  [
    'GET',
    /^\/admin\/recoveries\/([\w-]+)\/(?:approve|refuse|link)$/,
    (parts, request, [id]) => comeBack(parts, request, id as string),
  ],
  [
    'POST',
    /^\/admin\/recoveries\/([\w-]+)\/(approve|refuse|link)$/,
    (parts, request, [id, what]) => decide(parts, request, id as string, what as string),
  ],
];

const NOTICES = ['requested', 'approved', 'refused'] as const;
const FAULTS = ['self', 'open', 'same', 'not-ready', 'role', 'owner'] as const;

async function show(parts: WebParts, request: CommunityRequest): Promise<void> {
  const who = await requireAdmin(request, { recent: true });
  if (who === undefined) return;
  const notice = NOTICES.find((one) => one === request.ctx.query.notice);
  request.page({ ...(await adminPage(parts, request, who)), notice }, { member: who.member });
}

async function submitRequest(parts: WebParts, request: CommunityRequest): Promise<void> {
  const { username = '' } = await request.form();
  const who = await requireAdmin(request, { recent: true });
  if (who === undefined) return;
  const { community, issuer } = request;
  const refuse = async (fault: RecoveryFault) => {
    const page = await adminPage(parts, request, who);
    request.page(
      { ...page, username: username.slice(0, 320), fault },
      { status: 400, member: who.member },
    );
  };
  if (username.trim() === '') return refuse('missing');
  const member = await findByLogin(parts.database, community.id, username.slice(0, 320));
  if (member === undefined) return refuse('unknown');
  const fault = await faultOf(
    parts.database.transaction((tx) =>
      requestRecovery(
        tx,
        { communityId: community.id, issuerUrl: issuer.url },
        {
          subject: member.subject,
          by: who.member.subject,
          delayHours: community.recoveryDelayHours,
        },
      ),
    ),
  );
  if (fault !== undefined) return refuse(fault);
  request.redirect('/admin/recoveries?notice=requested');
}

/** Where an admin comes back to who had to sign in again before they decided. */
async function comeBack(parts: WebParts, request: CommunityRequest, id: string): Promise<void> {
  if ((await requireAdmin(request)) === undefined) return;
  const recoveries = await listRecoveries(parts.database, request.community.id);
  if (!recoveries.some((one) => one.id === id)) throw notFound('recovery');
  request.redirect('/admin/recoveries');
}

async function decide(
  parts: WebParts,
  request: CommunityRequest,
  id: string,
  what: string,
): Promise<void> {
  await request.form();
  const who = await requireAdmin(request, { recent: true });
  if (who === undefined) return;
  if (!UUID.test(id)) throw notFound('recovery');
  const { community, issuer } = request;
  const by = who.member.subject;
  let link: AdminPage['link'];
  const fault = await faultOf(
    parts.database.transaction(async (tx) => {
      if (what === 'approve') {
        await approveRecovery(tx, community.id, {
          id,
          by,
          delayHours: community.recoveryDelayHours,
        });
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
  if (fault !== undefined || link !== undefined) {
    const page = await adminPage(parts, request, who);
    request.page(
      { ...page, fault, link },
      { status: fault === undefined ? 200 : 400, member: who.member },
    );
    return;
  }
  request.redirect(`/admin/recoveries?notice=${what === 'approve' ? 'approved' : 'refused'}`);
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

/** Why the rules are against it. @throws a 404 for what is over, or another community's */
async function faultOf(work: Promise<void>): Promise<RecoveryFault | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof NotFoundError) throw notFound(error.message);
    if (!(error instanceof RefusedError)) throw error;
    if (error.code === 'state') return 'status';
    const fault = FAULTS.find((one) => one === error.code);
    if (fault === undefined) throw error;
    return fault;
  }
}
