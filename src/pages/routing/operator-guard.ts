import {
  findOperatorBySession,
  type SignedInOperator,
} from '../../domain/operators/operator-session.ts';
import type { Guard } from '../../platform/web/route.ts';
import type { HubKind, HubRequest } from './hub-request.ts';
import { RECENT_MS } from './signed-in.ts';

export const OPERATOR_COOKIE = 'trousseau_operator';

/** An operator who is signed in to the console; anybody else is sent to do so. */
export const operator = guard('operator', Number.POSITIVE_INFINITY);
/** The same who has just shown that it is them, for what guards their account. */
export const operatorRecent = guard('operator-recent', RECENT_MS);

function guard(name: string, withinMs: number): Guard<HubKind, SignedInOperator> {
  return {
    name,
    async admit({ parts, request, isPage }) {
      const token = request.ctx.cookies.get(OPERATOR_COOKIE);
      const who =
        token === undefined ? undefined : await findOperatorBySession(parts.database, token);
      if (who !== undefined && Date.now() - who.session.signedInAt.getTime() <= withinMs)
        return { who };
      sendToSignIn(request, { isPage, isAgain: who !== undefined });
      return undefined;
    },
  };
}

/** Whoever was signed in comes back to the page at hand: of a form, to the page on which it stands. */
function sendToSignIn(
  request: HubRequest,
  { isPage, isAgain }: { isPage: boolean; isAgain: boolean },
): void {
  const { ctx } = request;
  const page = ctx.method !== 'POST' || isPage ? ctx.path : '/operator/two-factors';
  const back = new URLSearchParams();
  if (page !== '/operator') back.set('return_to', page);
  if (isAgain) back.set('again', '1');
  request.redirect(back.size === 0 ? '/operator/login' : `/operator/login?${back}`);
}

/** A path of the console that a form of ours named; undefined for anything that could lead elsewhere. */
export function safeConsolePath(
  request: Pick<HubRequest, 'isPage'>,
  value: string | undefined,
): string | undefined {
  if (value === undefined || !/^\/operator(\/[\w-]+)*$/.test(value)) return undefined;
  return request.isPage(value) && !value.startsWith('/operator/login') ? value : undefined;
}
