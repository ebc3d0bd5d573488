import type { Member } from '../../domain/memberships/member.ts';
import { RequestError } from '../../platform/web/http-errors.ts';
import type { Guard } from '../../platform/web/route.ts';
import type { CommunityRequest } from './community-request.ts';
import type { CommunityKind } from './community-route.ts';
import { isRecent, type SignedIn, signedIn } from './signed-in.ts';

export { anyone } from '../../platform/web/route.ts';

/** Whoever is signed in; nobody is sent to do so, and comes back to this page. */
export const member = guard('member', {});
/** Whoever is signed in, or a visitor who is not: the page is another for each. */
export const memberOrVisitor: Guard<CommunityKind, SignedIn | undefined> = {
  name: 'member-or-visitor',
  admit: async ({ request }) => ({ who: await signedIn(request) }),
};
/** A member who has just shown that it is them: what guards an account, what cannot be undone, all of somebody's data. */
export const memberRecent = guard('member-recent', { recent: true });
/** Whoever looks after the community; for other members it is closed. */
export const admin = guard('admin', { roles: ['admin', 'owner'] });
export const adminRecent = guard('admin-recent', { roles: ['admin', 'owner'], recent: true });

/** Percent-encoded once more it is three times as long at the most. */
const LONGEST_BACK = 1_000;

type Asked = { roles?: readonly Member['role'][]; recent?: boolean };

function guard(name: string, { roles, recent = false }: Asked): Guard<CommunityKind, SignedIn> {
  return {
    name,
    async admit({ request, isPage }) {
      const who = await signedIn(request);
      if (who !== undefined && roles !== undefined && !roles.includes(who.member.role))
        throw new RequestError(403, 'forbidden', `not for a ${who.member.role}`);
      if (who !== undefined && (!recent || isRecent(who))) return { who };
      sendToSignIn(request, { isPage, isAgain: who !== undefined });
      return undefined;
    },
  };
}

function sendToSignIn(
  request: CommunityRequest,
  { isPage, isAgain }: { isPage: boolean; isAgain: boolean },
): void {
  const page = pageOf(request, isPage);
  const back = new URLSearchParams();
  // A sign-in leads to the home by itself.
  if (page !== '/' || isAgain) back.set('return_to', page);
  if (isAgain) back.set('again', '1');
  request.redirect(back.size === 0 ? '/login' : `/login?${back}`);
}

/** Path below the issuer of the page at hand: of a form that was sent, the page on which it stands. */
function pageOf({ ctx, path, issuer }: CommunityRequest, isPage: boolean): string {
  if (ctx.method === 'GET' || ctx.method === 'HEAD') return withQuery(path || '/', ctx.search);
  const referrer = ctx.get('referer');
  const told = referrer.startsWith(`${issuer.url}/`) ? referrer.slice(issuer.url.length) : '';
  // Pages with a secret in their address tell their origin only.
  if (isPage && (told === '' || told === '/')) return path;
  return told.length > LONGEST_BACK ? path : told || '/account';
}

/** Proxies refuse a redirect that is longer than their buffer: of a page so long, its path is enough. */
function withQuery(path: string, search: string): string {
  return search.length > LONGEST_BACK ? path : path + search;
}
