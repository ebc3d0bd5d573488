import { type Invitation, invitationPath } from '../../domain/invitations/invitation.ts';
import { readInvitationToken } from '../../domain/invitations/invitation-store.ts';
import { notFound } from '../../platform/web/http-errors.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import type { WebParts } from '../routing/web-parts.ts';
import type { ListedInvitation } from './pages.ts';

export function describeInvitation(
  { issuer }: CommunityRequest,
  invitation: Invitation,
  day: (date: Date) => string,
): ListedInvitation {
  const { id, label, role, groups, email, uses, maxUses, expiresAt, createdBy, state } = invitation;
  return {
    id,
    label,
    role,
    groups: groups.map(({ name }) => name),
    email: email ?? undefined,
    uses,
    maxUses: maxUses ?? undefined,
    expiresOn: day(expiresAt),
    createdBy: createdBy?.displayName,
    state,
    url: `${issuer.basePath}/admin/invitations/${id}`,
  };
}

/** The link that is handed over, and the same as a QR code (an image's address). */
export async function linkOf(
  { database, sealer }: WebParts,
  { community, issuer }: CommunityRequest,
  id: string,
): Promise<{ address: string; qr: string }> {
  const token = await readInvitationToken(database, sealer, community.id, id);
  if (token === undefined) throw notFound('invitation');
  const address = issuer.url + invitationPath(token);
  const { toString: draw } = await import('qrcode');
  const svg = await draw(address, { type: 'svg', margin: 2, errorCorrectionLevel: 'M' });
  return { address, qr: `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}` };
}
