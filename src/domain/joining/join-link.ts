import type { Queryable } from '../../platform/database/database.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import type { Community } from '../communities/community.ts';
import { findInvitation } from '../invitations/invitation-store.ts';
import { findLink } from '../links/link-store.ts';
import type { Role } from '../memberships/membership-store.ts';

/** What somebody set out to join by: an invitation, or the community's own openness. */
export type Way = {
  /** Token of the invitation; undefined where the community takes whoever comes. */
  invitation: string | undefined;
  /** The address of the community at which they set out. */
  issuerUrl: string;
  /** What they will be at once. */
  status: 'active' | 'requested';
  role: Role;
  /** Names of groups. */
  groups: string[];
};

const contextOf = (communityId: string) => `join:${communityId}`;

/** What a link of kind `join` keeps: the invitation's token is sealed, since it opens something by itself. */
export function joinDetails(
  sealer: Sealer,
  communityId: string,
  { invitation, issuerUrl }: Pick<Way, 'invitation' | 'issuerUrl'>,
): Record<string, unknown> {
  const sealed =
    invitation === undefined
      ? undefined
      : sealer.seal(invitation, contextOf(communityId)).toString('base64url');
  return { issuerUrl, invitation: sealed };
}

/**
 * The way that a link stands for, if it is still open.
 * @returns `expired` for a link that is, `closed` for a community that takes nobody that way any more
 */
export async function findWay(
  { database, sealer }: { database: Queryable; sealer: Sealer },
  community: Community,
  token: string,
): Promise<Way | 'expired' | 'closed'> {
  const link = await findLink(database, community.id, 'join', token);
  if (link === undefined || typeof link.details.issuerUrl !== 'string') return 'expired';
  const { issuerUrl, invitation: sealed } = link.details;
  if (community.state !== 'active') return 'closed';
  if (typeof sealed === 'string') {
    const invitation = sealer
      .open(Buffer.from(sealed, 'base64url'), contextOf(community.id))
      .toString();
    const found = await findInvitation(database, community.id, invitation);
    if (found?.state !== 'open') return 'closed';
    const groups = found.groups.map(({ name }) => name);
    return { invitation, issuerUrl, status: 'active', role: found.role, groups };
  }
  const { registration } = community;
  if (registration !== 'open' && registration !== 'approval') return 'closed';
  const status = registration === 'open' ? 'active' : 'requested';
  return { invitation: undefined, issuerUrl, status, role: 'member', groups: [] };
}
