import { isOpenToNewcomers } from '../../domain/communities/open-to-newcomers.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { signedIn } from '../routing/signed-in.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { finish } from './finish-interaction.ts';
import type { Interaction } from './sign-in-target.ts';

/** As long as an app's request may wait at all. */
const MINUTES = 60;
const COOKIE = 'trousseau_app';

/**
 * Takes whoever has no account yet to the registration, and has the browser remember the app's request:
 * because the app asked for it (`prompt=create`, Initiating User Registration via OpenID Connect 1.0 §4), or
 * because they followed the link on the sign-in page.
 * @returns whether that is the answer
 */
export async function leadToRegistration(
  request: CommunityRequest,
  { uid, params, lastSubmission }: Interaction,
): Promise<boolean> {
  const { query } = request.ctx;
  const byApp = String(params.prompt ?? '')
    .split(' ')
    .includes('create');
  // Who has an account after all is on their way back from there.
  const wanted =
    query.register !== undefined ||
    (byApp && query.login === undefined && lastSubmission?.login === undefined);
  if (!wanted || !isOpenToNewcomers(request.community)) return false;
  if ((await signedIn(request)) !== undefined) return false;
  setCookie(request, uid);
  request.unit.keepWaiting(uid);
  request.redirect('/register');
  return true;
}

/** Path of the app's request that waits for somebody to register in this browser, if there is one. */
export function pathOfWaiting({ ctx }: CommunityRequest): string | undefined {
  const uid = ctx.cookies.get(COOKIE, { signed: false });
  return uid !== undefined && /^[\w-]{1,64}$/.test(uid) ? `/login/${uid}` : undefined;
}

/** The same, if it waits still, for whoever has registered: there it goes on into the app. */
export async function takeWaiting(request: CommunityRequest): Promise<string | undefined> {
  const path = pathOfWaiting(request);
  if (path === undefined) return undefined;
  setCookie(request, null);
  const { provider } = await request.ready();
  const interaction = await provider.Interaction.find(path.slice('/login/'.length));
  return interaction === undefined ? undefined : `${path}?registered`;
}

/**
 * Hands the sign-in with which a registration ended to the app's request that had waited for it.
 * @returns whether that is the answer
 */
export async function goOnAfterRegistration(
  parts: Pick<WebParts, 'sealer'>,
  request: CommunityRequest,
  interaction: Interaction,
): Promise<boolean> {
  const { iat, session } = interaction;
  if (request.ctx.query.registered === undefined || session !== undefined) return false;
  const who = await signedIn(request);
  if (who === undefined) return false;
  const { uid: _, signedInAt, ...login } = who.session;
  const ts = Math.floor(signedInAt / 1000);
  // A sign-in from before is none that the app would take for its own.
  if (ts < iat) return false;
  const answer = { login: { accountId: who.member.subject, ...login, ts } };
  await finish(parts, request, interaction, answer);
  return true;
}

function setCookie({ ctx, issuer }: CommunityRequest, uid: string | null): void {
  ctx.cookies.set(COOKIE, uid, {
    httpOnly: true,
    sameSite: 'lax',
    path: issuer.basePath || '/',
    maxAge: MINUTES * 60_000,
    secure: issuer.url.startsWith('https:'),
    signed: false,
    overwrite: true,
  });
}
