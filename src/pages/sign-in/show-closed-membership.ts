import { type ClosedReason, whomToAsk } from '../../domain/memberships/closed-membership.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { type SignInTarget, signInPath } from './sign-in-target.ts';

/** Tells whoever has proven who they are, by a password or a passkey, why that lets them in nowhere here. */
export async function showClosedMembership(
  parts: Pick<WebParts, 'database' | 'metrics'>,
  request: CommunityRequest,
  closed: { subject: string; reason: ClosedReason; using: 'password' | 'passkey' },
  target: SignInTarget,
): Promise<void> {
  const { subject, reason, using } = closed;
  parts.metrics.signIns.inc({ outcome: 'closed' });
  const details = { status: reason, using };
  request.unit.record({ type: 'sign-in.refused', actor: `member:${subject}`, subject, details });
  request.page(
    {
      page: 'membership-closed',
      reason,
      contacts: await whomToAsk(parts.database, request.community, reason),
      signInUrl: `${request.issuer.basePath}${signInPath(target)}?switch=1`,
    },
    { status: 403 },
  );
}
