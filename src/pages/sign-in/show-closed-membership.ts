import {
  type ClosedMembership,
  whomToAsk,
  whyClosed,
} from '../../domain/memberships/closed-membership.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { type SignInTarget, signInPath } from './sign-in-target.ts';

/** Tells whoever has proven who they are, by a password or a passkey, why that lets them in nowhere here. */
export async function showClosedMembership(
  parts: Pick<WebParts, 'database' | 'metrics'>,
  request: CommunityRequest,
  closed: ClosedMembership & { using: 'password' | 'passkey' },
  target: SignInTarget,
): Promise<void> {
  const { subject, using } = closed;
  const reason = await whyClosed(parts.database, request.community.id, closed);
  parts.metrics.signIns.inc({ outcome: 'closed' });
  const details = { reason, using };
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
