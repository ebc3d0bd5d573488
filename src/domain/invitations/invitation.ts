import type { Role } from '../memberships/membership-store.ts';

/** How many may come by one, and how long it is good. */
export const INVITATION_USES = { min: 1, max: 10_000 };
export const INVITATION_DAYS = { min: 1, max: 365 };

/** Whether an invitation can be used now; if not, why. */
export type InvitationState = 'open' | 'revoked' | 'used-up' | 'expired';

/** A link into a community: who opens it becomes a member, with groups and a role. */
export type Invitation = {
  id: string;
  label: string;
  role: Role;
  groups: { id: string; name: string }[];
  /** The address that it was sent to; null for a link that was handed over. */
  email: string | null;
  /** Null: as many as come before it expires. */
  maxUses: number | null;
  uses: number;
  /** Null when it was made on the command line. */
  createdBy: { subject: string; displayName: string } | null;
  createdAt: Date;
  expiresAt: Date;
  state: InvitationState;
};

/** What the sealed token of an invitation is bound to (see `Sealer`). */
export function invitationContext(communityId: string, id: string): string {
  return `invitation:${communityId}:${id}`;
}

/** Path below the issuer that the token opens. */
export function invitationPath(token: string): string {
  return `/invitations/${token}`;
}
