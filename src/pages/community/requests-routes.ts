import { NotFoundError, RefusedError } from '../../domain/errors.ts';
import { listRequests } from '../../domain/registration/answer-store.ts';
import { decideRequest } from '../../domain/registration/decide-request.ts';
import { notFound, RequestError } from '../../platform/web/http-errors.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import type { CommunityRoutes } from '../routing/community-route-table.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { adminFrame, dayFor } from './admin-frame.ts';
import { requireAdmin } from './require-admin.ts';
import { UUID } from './uuid.ts';

/** Those who asked to join: what they answered, and the word of an admin. */
export const ADMIN_REQUESTS_ROUTES: CommunityRoutes = [
  ['GET', /^\/admin\/requests$/, showRequests],
  ['POST', /^\/admin\/requests$/, submitDecision],
];

const NOTICES = ['admitted', 'refused', 'decided'] as const;
const REASON_MAX = 1_000;

async function showRequests(parts: WebParts, request: CommunityRequest): Promise<void> {
  const who = await requireAdmin(request, { recent: true });
  if (who === undefined) return;
  const day = dayFor(request, who);
  const requests = await listRequests(parts.database, request.community.id);
  request.page(
    {
      page: 'admin/requests',
      frame: await adminFrame(parts, request),
      action: `${request.issuer.basePath}/admin/requests`,
      csrf: request.csrf(),
      requests: requests.map(({ email, requestedAt, ...rest }) => ({
        ...rest,
        email: email ?? undefined,
        requestedOn: day(requestedAt),
      })),
      notice: NOTICES.find((one) => one === request.ctx.query.notice),
    },
    { member: who.member },
  );
}

async function submitDecision(parts: WebParts, request: CommunityRequest): Promise<void> {
  const fields = await request.form();
  const who = await requireAdmin(request, { recent: true });
  if (who === undefined) return;
  const { decision, subject = '' } = fields;
  if (decision !== 'admit' && decision !== 'refuse') {
    throw new RequestError(400, 'bad-request', 'neither admitted nor refused');
  }
  if (!UUID.test(subject)) throw notFound('request');
  const reason = (fields.reason ?? '').trim().slice(0, REASON_MAX);
  const community = { id: request.community.id, issuerUrl: request.issuer.url };
  const decided = await parts.database
    .transaction((tx) =>
      decideRequest(tx, community, { subject, decision, reason }, `member:${who.member.subject}`),
    )
    .catch((error) => {
      if (error instanceof NotFoundError) throw notFound('request');
      // Another admin was faster.
      if (error instanceof RefusedError && error.code === 'state') return false;
      throw error;
    });
  await parts.settle();
  const done = decision === 'admit' ? 'admitted' : 'refused';
  request.redirect(`/admin/requests?notice=${decided ? done : 'decided'}`);
}
