import {
  type ClosedMembership,
  whomToAsk,
  whyClosed,
} from '../../domain/memberships/closed-membership.ts';
import { serviceOfClient } from '../../protocols/oidc/clients.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { type SignInTarget, signInPath } from './sign-in-target.ts';

/**
 * Tells whoever has proven who they are, by a password or a passkey, why that lets them in nowhere here.
 * `isAgain`: by an answer that they have been told so for, or let in by, before; it is noted no second time.
 */
export async function showClosedMembership(
  parts: Pick<WebParts, 'database' | 'metrics'>,
  request: CommunityRequest,
  closed: ClosedMembership & { using: 'password' | 'passkey'; isAgain?: boolean },
  target: SignInTarget,
): Promise<void> {
  const { subject, using, isAgain = false } = closed;
  const reason = await whyClosed(parts.database, request.community.id, closed);
  if (!isAgain) {
    parts.metrics.signIns.inc({ outcome: 'closed' });
    const details = { reason, using };
    request.unit.record({ type: 'sign-in.refused', actor: `member:${subject}`, subject, details });
  }
  const path = request.issuer.basePath + signInPath(target);
  request.page(
    {
      page: 'membership-closed',
      reason,
      contacts: await whomToAsk(parts.database, request.community, reason),
      signInUrl: `${path}?switch=1`,
      ...appOf(request, target, path),
    },
    { status: 403, leaves: target.interaction !== undefined },
  );
}

function appOf(request: CommunityRequest, { interaction }: SignInTarget, path: string) {
  if (interaction === undefined) return {};
  const service = serviceOfClient(request.community, String(interaction.params.client_id));
  const returnToAppAction = { action: `${path}/return`, csrf: request.csrf() };
  return service && { service: { name: service.name }, returnToAppAction };
}
