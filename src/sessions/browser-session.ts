import type Provider from 'oidc-provider';
import type { Member } from '../memberships/member.ts';
import { ACR_SINGLE_FACTOR, SESSION_TTL } from '../oidc/build-provider.ts';
import { serviceOfClient } from '../oidc/clients.ts';
import type { CommunityRequest } from '../web/community-request.ts';

type Session = InstanceType<Provider['Session']>;

/** The session of the visitor's browser at this issuer, the same one that the apps' sign-ins use. */
async function browserSession(request: CommunityRequest): Promise<Session> {
  const { provider } = await request.ready();
  return provider.Session.get(request.ctx as unknown as Parameters<typeof provider.Session.get>[0]);
}

/** The member who is signed in here, if their membership still lets them; undefined otherwise. */
export async function signedInMember(request: CommunityRequest): Promise<Member | undefined> {
  const { accountId } = await browserSession(request);
  if (accountId === undefined) return undefined;
  const member = await request.unit.member(accountId);
  return member?.status === 'active' ? member : undefined;
}

/** What a password sign-in says of itself (RFC 8176). */
export function passwordLogin(subject: string) {
  return { accountId: subject, amr: ['pwd'], acr: ACR_SINGLE_FACTOR };
}

/**
 * Opens the browser's session for a member, under a new identifier (no fixation). Whoever was signed in
 * before is signed out here first.
 */
export async function openBrowserSession(
  request: CommunityRequest,
  subject: string,
): Promise<void> {
  const { provider } = await request.ready();
  let session = await browserSession(request);
  if (session.accountId !== undefined && session.accountId !== subject) {
    signOutOf(request, session);
    await session.destroy();
    session = new provider.Session();
  } else if (session.accountId === undefined && session.exp !== undefined) {
    session.resetIdentifier();
  }
  session.loginAccount(passwordLogin(subject));
  await session.save(SESSION_TTL);
  setSessionCookie(provider, request, session);
}

function setSessionCookie(provider: Provider, request: CommunityRequest, session: Session): void {
  const { cookies } = provider.createContext(request.ctx.req, request.ctx.res);
  cookies.set(provider.cookieName('session'), session.jti as string, {
    httpOnly: true,
    sameSite: 'lax',
    signed: true,
    path: request.issuer.basePath === '' ? '/' : request.issuer.basePath,
    secure: request.issuer.url.startsWith('https:'),
    maxAge: SESSION_TTL * 1000,
    overwrite: true,
  });
}

/** The apps of a session that ends without its member's own word are told as by a sign-out. */
function signOutOf(request: CommunityRequest, session: Session): void {
  const subject = session.accountId as string;
  for (const [clientId, { sid }] of Object.entries(session.authorizations ?? {})) {
    const service = serviceOfClient(request.community, clientId);
    if (service?.client?.backchannelLogoutUri == null || sid === undefined) continue;
    request.unit.send({
      kind: 'backchannel-logout',
      communityId: request.community.id,
      payload: { issuer: request.issuer.url, clientId, subject, sid },
    });
  }
  request.unit.record({ type: 'member.signed-out', actor: `member:${subject}`, subject });
}
