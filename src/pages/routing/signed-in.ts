import type { Member } from '../../domain/memberships/member.ts';
import { secondFactorRequirement } from '../../domain/second-factors/requirement.ts';
import { ACR_MULTI_FACTOR } from '../../domain/sessions/authentication.ts';
import { browserSession } from './browser-session.ts';
import type { CommunityRequest } from './community-request.ts';

/** Who is signed in with this browser, and how they proved it. */
export type SignedIn = {
  member: Member;
  personId: string;
  session: {
    uid: string;
    acr: string;
    amr: string[];
    /** Milliseconds since 1970. */
    signedInAt: number;
  };
};

/** Whether what a guard admits is a member who is signed in: some admit an app's request, or a link. */
export function isSignedIn(who: unknown): who is SignedIn {
  return typeof who === 'object' && who !== null && 'member' in who && 'session' in who;
}

/** How long a sign-in counts as recent: what is dangerous asks for one. */
export const RECENT_MS = 10 * 60_000;

/**
 * Who is signed in here, if their membership still lets them, and if they proved as much as the
 * community asks of them by now; undefined otherwise.
 */
export async function signedIn(request: CommunityRequest): Promise<SignedIn | undefined> {
  const { accountId, uid, acr, amr, loginTs } = await browserSession(request);
  if (accountId === undefined) return undefined;
  const member = await request.unit.member(accountId);
  if (member?.status !== 'active') return undefined;
  const { inForce } = secondFactorRequirement(request.community, member);
  if (inForce && acr !== ACR_MULTI_FACTOR) return undefined;
  return {
    member,
    personId: member.personId,
    session: { uid, acr: acr ?? '', amr: amr ?? [], signedInAt: (loginTs ?? 0) * 1000 },
  };
}

/** The member who is signed in here; undefined when nobody is. */
export async function signedInMember(request: CommunityRequest): Promise<Member | undefined> {
  return (await signedIn(request))?.member;
}

/** Whether somebody with a second factor used it lately, and anybody else their password. */
export function isRecent({ member, session }: SignedIn, now = Date.now()): boolean {
  if (now - session.signedInAt > RECENT_MS) return false;
  return !member.secondFactor || session.acr === ACR_MULTI_FACTOR;
}
