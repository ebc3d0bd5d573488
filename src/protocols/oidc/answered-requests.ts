import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { SealError, type Sealer } from '../../platform/secrets/sealer.ts';
import type { Payload } from './changes.ts';
import { DatabaseAwayError } from './protocol-database.ts';
import { show } from './provider-pages.ts';
import { currentScope, currentUnit } from './request-scope.ts';

/** How long a browser that brought an answer is led where it led, in seconds. */
const KEPT = 10 * 60;
const HOUR_MS = 60 * 60_000;
const SESSION_MS = 14 * 24 * HOUR_MS;
const KIND = 'AnsweredRequest';
/** When a cookie ends that is taken from the browser. */
const PAST = 'expires=Thu, 01 Jan 1970';

/** An app's request whose answer was brought. */
type Answered = {
  /** As it was stored, with its answer. */
  interaction: Payload;
  /** Seconds since 1970. */
  until: number;
  /** Who went on by it, and in which session; none where the answer was a refusal before any sign-in. */
  accountId?: string;
  session?: { uid: string };
  sealedSession?: string;
  /** The next question, where there was one. */
  next?: { uid: string; path: string; returnTo: string };
};

/**
 * Whoever brings an answer twice (a reload, a slow line, a double click) is led on as the first time: the
 * provider asks and answers anew, in the session that the first opened, as long as that lasts. It opens none
 * itself. The browser is known by the provider's own cookie of the request
 * (docs/decisions/0044-a-step-done-twice.md).
 */
export function leadAnswersOn(provider: Provider, sealer: Sealer, communityId: string) {
  const context = (uid: string) => `answered-request:${communityId}:${uid}`;
  goOnInTheSame(provider);

  return async (ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    const uid = /^\/oidc\/(?:auth|device)\/([\w-]+)$/.exec(ctx.path)?.[1];
    if (uid === undefined || ctx.method !== 'GET') return next();
    if (ctx.cookies.get(provider.cookieName('resume'), { signed: true }) !== uid) return next();
    const isWaiting = (await look(currentUnit().find('Interaction', uid))) !== undefined;
    const answered = isWaiting ? undefined : await look(broughtBefore(uid));
    if (answered !== undefined) {
      if (!(await look(prepare(uid, answered, ctx)))) return next();
      if (await look(isOfDoneDevice(uid, answered))) return show(ctx, { page: 'device-done' });
      if (await look(leadToNext(answered, ctx))) return;
    }
    await next();
    if (isWaiting && ctx.status === 400 && (await look(broughtBefore(uid))) !== undefined) {
      // Another request brought it while this one looked at what there was.
      return comeAgain(ctx);
    }
    const interaction = currentUnit().endedRequest(uid);
    if (interaction === undefined) return;
    keepResumeCookie(ctx);
    if (answered === undefined)
      currentUnit().upsert(KIND, uid, noteOf(uid, interaction, ctx), KEPT);
  };

  async function broughtBefore(uid: string): Promise<Answered | undefined> {
    const answered = (await currentUnit().find(KIND, uid)) as Answered | undefined;
    return answered !== undefined && answered.until > Date.now() / 1000 ? answered : undefined;
  }

  /** Takes the request up again. @returns false when the session that went on by it is over */
  async function prepare(
    uid: string,
    { interaction, accountId, session, sealedSession }: Answered,
    ctx: KoaContextWithOIDC,
  ): Promise<boolean> {
    const unit = currentUnit();
    if (accountId !== undefined) {
      const isTheirs = (one: Session | undefined) =>
        one?.uid === session?.uid && one?.accountId === accountId;
      let found: Session | undefined = await provider.Session.get(ctx);
      if (!isTheirs(found)) found = await provider.Session.find(open(uid, sealedSession as string));
      if (found === undefined || !isTheirs(found)) return false;
      unit.goOnIn(found.jti as string);
    }
    unit.takeUpAgain(uid, interaction);
    return true;
  }

  /** To the question that followed, or on from there if it was answered as well. */
  async function leadToNext({ next }: Answered, ctx: KoaContextWithOIDC): Promise<boolean> {
    if (next === undefined) return false;
    const waiting = await provider.Interaction.find(next.uid);
    if (waiting === undefined && (await currentUnit().find(KIND, next.uid)) === undefined)
      return false;
    const hour = { httpOnly: true, sameSite: 'lax', signed: true, maxAge: HOUR_MS } as const;
    const give = (cookie: 'interaction' | 'resume', path: string) =>
      ctx.cookies.set(provider.cookieName(cookie), next.uid, { ...hour, path });
    give('interaction', next.path);
    give('resume', new URL(next.returnTo).pathname);
    const sessionId = currentUnit().goesOnIn;
    const path = currentScope().context.issuer.basePath || '/';
    const session = { ...hour, maxAge: SESSION_MS, path };
    if (sessionId !== undefined)
      ctx.cookies.set(provider.cookieName('session'), sessionId, session);
    ctx.status = 303;
    ctx.redirect(waiting?.result === undefined && waiting ? next.path : next.returnTo);
    return true;
  }

  async function isOfDoneDevice(uid: string, { accountId }: Answered): Promise<boolean> {
    const interaction = await provider.Interaction.find(uid);
    if (accountId === undefined || interaction?.deviceCode === undefined) return false;
    const code = await provider.DeviceCode.find(interaction.deviceCode, { ignoreExpiration: true });
    // One that the device has redeemed is gone.
    return code === undefined || code.accountId === accountId;
  }

  function noteOf(uid: string, interaction: Payload, ctx: KoaContextWithOIDC): Answered {
    const { session } = ctx.oidc;
    const until = Math.floor(Date.now() / 1000) + KEPT;
    if (session?.accountId === undefined) return { interaction, until };
    const asked = ctx.oidc.entities.Interaction;
    const location = ctx.response.get('location');
    return {
      interaction,
      until,
      ...(asked !== undefined &&
        asked.uid !== uid && {
          next: { uid: asked.uid, path: location, returnTo: asked.returnTo },
        }),
      accountId: session.accountId,
      session: { uid: session.uid },
      sealedSession: sealer.seal(session.jti as string, context(uid)).toString('base64'),
    };
  }

  function open(uid: string, sealed: string): string {
    try {
      return sealer.open(Buffer.from(sealed, 'base64'), context(uid)).toString();
    } catch (error) {
      // Of another key than this process has: the browser's own cookie has to do.
      if (error instanceof SealError) return '';
      throw error;
    }
  }

  /** The cookie by which the browser is known when it comes again would be taken from it with the answer. */
  function keepResumeCookie({ response }: KoaContextWithOIDC): void {
    const name = provider.cookieName('resume');
    const cookies = [response.get('set-cookie') ?? []].flat() as string[];
    const isTaken = (cookie: string) =>
      /^[^=]+/.exec(cookie)?.[0].replace(/\.sig$/, '') === name && cookie.includes(PAST);
    const kept = cookies.filter((cookie) => !isTaken(cookie));
    response.remove('Set-Cookie');
    if (kept.length > 0) response.set('Set-Cookie', kept);
  }
}

/** While the database is away the endpoint itself says so. */
async function look<Found>(looking: Promise<Found>): Promise<Found | undefined> {
  try {
    return await looking;
  } catch (error) {
    if (error instanceof DatabaseAwayError) return undefined;
    throw error;
  }
}

/** Nothing is stored, and the browser asks for the same once more: by then the other request is through. */
export function comeAgain(ctx: KoaContextWithOIDC): void {
  ctx.remove('Set-Cookie');
  ctx.status = 303;
  ctx.redirect(ctx.oidc.urlFor(ctx.oidc.route, ctx.params));
}

type Session = InstanceType<Provider['Session']>;

/**
 * A repeated answer goes on in the session as it is: nobody is signed in by it, and neither its identifier nor
 * what was proven in it changes.
 */
function goOnInTheSame(provider: Provider): void {
  const { Session } = provider;
  const get = Session.get.bind(Session);
  Session.get = async (ctx) => {
    const id = currentUnit().goesOnIn;
    const session = id === undefined ? undefined : await Session.find(id);
    if (session === undefined) return get(ctx);
    (ctx as KoaContextWithOIDC).oidc?.entity('Session', session);
    return session;
  };
  const prototype = Session.prototype;
  const { loginAccount, resetIdentifier } = prototype;
  prototype.loginAccount = function loginAccountOnce(details) {
    if (currentUnit().goesOnIn === undefined) loginAccount.call(this, details);
  };
  prototype.resetIdentifier = function resetIdentifierOnce() {
    if (currentUnit().goesOnIn === undefined) resetIdentifier.call(this);
  };
}
