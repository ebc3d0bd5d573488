import type { Role } from '../memberships/membership-store.ts';

/** What a community's token may open; each says of what, and whether it is looked at or changed. */
export const COMMUNITY_SCOPES = [
  'settings:read',
  'settings:write',
  'members:read',
  'members:write',
  'groups:read',
  'groups:write',
  'services:read',
  'services:write',
  'invitations:read',
  'invitations:write',
  'requests:read',
  'requests:write',
  'journal:read',
] as const;
/** What the hub's token may open. None of it shows a member of a community. */
export const HUB_SCOPES = ['communities:read', 'communities:write', 'hub-journal:read'] as const;

export type CommunityScope = (typeof COMMUNITY_SCOPES)[number];
export type HubScope = (typeof HUB_SCOPES)[number];
export type Scope = CommunityScope | HubScope;

/** For how long a token is good, in days; there is none without an end. */
export const TOKEN_DAYS = { min: 1, max: 365 };
/** Tokens that are good at once, of one community or of the hub. */
export const TOKENS_AT_ONCE = 50;

/** Whether a token opens anything; if not, why. */
export type ApiTokenState = 'active' | 'revoked' | 'expired';

/** A token as lists show it; the token itself is shown once, to whoever made it. */
export type ApiToken = {
  id: string;
  name: string;
  scopes: Scope[];
  /** Null when it was made on the command line. */
  createdBy: { subject: string; displayName: string } | null;
  createdAt: Date;
  expiresAt: Date;
  /** To the minute; null: never. */
  lastUsedAt: Date | null;
  state: ApiTokenState;
};

/** Who vouches for a token of a community, and for what they are now. */
export type Voucher = { subject: string; role: Extract<Role, 'admin' | 'owner'> };

/** Who asks by a token that is good now. */
export type Bearer = {
  tokenId: string;
  scopes: readonly Scope[];
  /** Undefined for a token of the hub. */
  community: { id: string; slug: string; state: string } | undefined;
  /** Undefined for what the command line made: that is the operator's word. */
  voucher: Voucher | undefined;
};
