import Provider, { type KoaContextWithOIDC } from 'oidc-provider';
import type { Community } from '../../domain/communities/community.ts';
import type { Issuer } from '../../domain/communities/issuer.ts';
import { staysOpen, toOpenService } from '../../domain/services/stays-open.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import { serviceOfClient } from './clients.ts';
import { home, show, xsrf } from './provider-pages.ts';
import { currentScope, currentUnit } from './request-scope.ts';

/** As long as somebody looks at the page that says that they are signed out. */
const SHOWN_MS = 60 * 60_000;

type SessionState = { clientId?: string; postLogoutRedirectUri?: string };

/** The sign-out is on the audit trail with the change that it is. */
export function recordSignOuts(provider: Provider): void {
  provider.on('end_session.success', (ctx) => {
    const { session, params, client } = ctx.oidc;
    const subject = session?.accountId;
    if (subject === undefined) return;
    currentUnit().record({
      type: params?.logout ? 'member.signed-out' : 'member.left-service',
      actor: `member:${subject}`,
      subject,
      details: client === undefined ? {} : { client: client.clientId },
    });
  });
}

/**
 * Back-channel logouts are queued with the change that ends the session, and delivered by the workers. The
 * app that asked for the sign-out has ended its own session, and is told only if it wants to be.
 */
export function sendLogoutsThroughOutbox(
  provider: Provider,
  community: Community,
  issuer: Issuer,
): void {
  const prototype = provider.Client.prototype as unknown as {
    clientId: string;
    backchannelLogout(subject: string, sid: string): Promise<void>;
  };
  prototype.backchannelLogout = async function backchannelLogout(subject, sid) {
    const client = serviceOfClient(community, this.clientId)?.client;
    if (this.clientId === initiatorOf(Provider.ctx) && !client?.backchannelLogoutToInitiator)
      return;
    currentUnit().send({
      kind: 'backchannel-logout',
      communityId: community.id,
      payload: { issuer: issuer.url, clientId: this.clientId, subject, sid },
    });
  };
}

/**
 * The client that asked for the sign-out at hand (RP-Initiated Logout 1.0 §2). None where one member signs in
 * in the place of another: the provider ends the first one's session by the same way, which is no app's wish.
 */
function initiatorOf(ctx: KoaContextWithOIDC | undefined): string | undefined {
  const { clientId, postLogoutRedirectUri } = (ctx?.oidc?.session?.state ?? {}) as SessionState;
  const { issuer } = currentScope().context;
  const goesOn = [`${issuer.url}/oidc/auth/`, `${issuer.url}/oidc/device/`];
  return goesOn.some((path) => postLogoutRedirectUri?.startsWith(path)) ? undefined : clientId;
}

/** OpenID Connect RP-Initiated Logout 1.0 §2: the member is asked before anything ends. */
export async function logoutSource(ctx: KoaContextWithOIDC): Promise<void> {
  const { session, client } = ctx.oidc;
  const member =
    session?.accountId === undefined ? undefined : await currentUnit().member(session.accountId);
  currentScope().context.allowFormsToLeave();
  show(ctx, {
    page: 'logout',
    action: ctx.oidc.urlFor('end_session_confirm'),
    xsrf: xsrf(ctx),
    service: client && { name: client.clientName ?? client.clientId },
    member: member && { displayName: member.displayName },
    open: (await openAfter(ctx)).map(toOpenService),
  });
}

/** What the session at hand leaves open elsewhere when it ends. */
async function openAfter(ctx: KoaContextWithOIDC) {
  const { session, client } = ctx.oidc;
  const member =
    session?.accountId === undefined ? undefined : await currentUnit().member(session.accountId);
  if (member === undefined) return [];
  return staysOpen(currentScope().context.community, member, {
    clientIds: new Set(Object.keys(session?.authorizations ?? {})),
    asked: client?.clientId,
  });
}

/**
 * The page after a sign-out tells what stays open, too: that is the moment to go and close it. The session
 * is gone by then, so that the address carries what it was, sealed: nobody else makes the page name services.
 */
export function tellOnGoodbye(community: Community, sealer: Sealer) {
  const context = `signed-out:${community.id}`;
  return {
    async middleware(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
      await next();
      if (ctx.oidc?.route !== 'end_session_confirm' || !ctx.oidc.params?.logout) return;
      const location = ctx.response.get('location');
      if (location !== ctx.oidc.urlFor('end_session_success')) return;
      const ids = (await openAfter(ctx)).map(({ id }) => id);
      if (ids.length === 0) return;
      const sealed = sealer.seal(JSON.stringify({ ids, until: Date.now() + SHOWN_MS }), context);
      ctx.redirect(`${location}?open=${sealed.toString('base64url')}`);
    },

    postLogoutSuccessSource(ctx: KoaContextWithOIDC): void {
      const { client } = ctx.oidc;
      show(ctx, {
        page: 'logged-out',
        service: client && { name: client.clientName ?? client.clientId },
        homeUrl: home(),
        open: community.services
          .filter(({ id }) => toldIds(ctx.query.open).includes(id))
          .map(toOpenService),
      });
    },
  };

  function toldIds(value: unknown): string[] {
    if (typeof value !== 'string' || value === '') return [];
    try {
      const told = JSON.parse(sealer.open(Buffer.from(value, 'base64url'), context).toString());
      return told.until > Date.now() ? told.ids : [];
    } catch {
      return [];
    }
  }
}
