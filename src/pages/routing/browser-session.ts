import type Provider from 'oidc-provider';
import { type Amr, acrOf } from '../../domain/sessions/authentication.ts';
import { SESSION_TTL } from '../../protocols/oidc/build-provider.ts';
import { serviceOfClient } from '../../protocols/oidc/clients.ts';
import type { CommunityRequest } from './community-request.ts';

type Session = InstanceType<Provider['Session']>;

/** The session of the visitor's browser at this issuer, the same one that the apps' sign-ins use. */
export async function browserSession(request: CommunityRequest): Promise<Session> {
  const { provider } = await request.ready();
  return provider.Session.get(request.ctx as unknown as Parameters<typeof provider.Session.get>[0]);
}

/** What a sign-in says of itself: whose it is, how it was proven (RFC 8176), and what that reaches. */
export type Login = { accountId: string; amr: string[]; acr: string };

/**
 * Opens the browser's session for a member, under a new identifier (no fixation). Whoever was signed in
 * before is signed out here first.
 * @returns the identifier, which the browser's cookie holds
 */
export async function openBrowserSession(request: CommunityRequest, login: Login): Promise<string> {
  const { provider } = await request.ready();
  let session = await browserSession(request);
  if (session.accountId !== undefined && session.accountId !== login.accountId) {
    signOutOf(request, session);
    await session.destroy();
    session = new provider.Session();
  } else if (session.exp !== undefined) {
    session.resetIdentifier();
  }
  session.loginAccount(login);
  await session.save(SESSION_TTL);
  setSessionCookie(provider, request, session);
  return session.jti as string;
}

/**
 * Gives the browser the cookie of a session once more, whose first answer it may never have seen.
 * @returns false when the session is over; one that goes on here under another identifier is not
 */
export async function resumeBrowserSession(
  request: CommunityRequest,
  { accountId, sessionId }: { accountId: string; sessionId: string },
): Promise<boolean> {
  const { provider } = await request.ready();
  const session = await provider.Session.find(sessionId);
  if (session?.accountId !== accountId)
    return (await browserSession(request)).accountId === accountId;
  setSessionCookie(provider, request, session);
  return true;
}

/**
 * Notes that whoever is signed in here proved a second factor as well, as one does in setting it up: what
 * asks for one need not ask again.
 */
export async function raiseSession(request: CommunityRequest, proven: Amr): Promise<void> {
  const session = await browserSession(request);
  const amr = [...new Set<string>([...(session.amr ?? []), proven, 'mfa'])];
  session.amr = amr;
  session.acr = acrOf(amr);
  await session.save(SESSION_TTL);
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
