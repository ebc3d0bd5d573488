import type { Step } from '../../domain/done-steps/done-step.ts';
import {
  findPendingOperatorSignIn,
  PENDING_SECONDS,
  type PendingOperatorSignIn,
} from '../../domain/operators/pending-operator-sign-in.ts';
import { RequestError } from '../../platform/web/http-errors.ts';
import type { Guard } from '../../platform/web/route.ts';
import type { HubKind, HubRequest } from '../routing/hub-request.ts';
import { hubStepIn, leadOperatorAgain } from '../routing/operator-done-steps.ts';

const COOKIE = 'trousseau_pending';

export function keepPending({ ctx }: HubRequest, token: string): void {
  ctx.cookies.set(COOKIE, token, {
    httpOnly: true,
    sameSite: 'strict',
    path: '/operator/login',
    maxAge: PENDING_SECONDS * 1000,
    overwrite: true,
  });
}

/** The browser in which an operator's password was right; any other begins the sign-in. */
export const operatorOnTheWay: Guard<HubKind, PendingOperatorSignIn> = {
  name: 'operator-on-the-way',
  async admit({ parts, request }) {
    const token = request.ctx.cookies.get(COOKIE);
    const who =
      token === undefined ? undefined : await findPendingOperatorSignIn(parts.database, token);
    if (who !== undefined) return { who };
    if (request.ctx.method !== 'POST') request.redirect('/operator/login');
    else if (!(await leadOperatorAgain(parts, request, arrivedStep(request))))
      throw new RequestError(400, 'expired', 'no sign-in on its way');
    return undefined;
  },
};

/** That a sign-in on its way arrived, which is so once. */
export function arrivedStep(request: HubRequest): Step | undefined {
  const token = request.ctx.cookies.get(COOKIE);
  return token === undefined ? undefined : hubStepIn(request, `sign-in ${token}`);
}

/** Where the second factor is asked for; it remembers where the sign-in leads. */
export function secondFactorPath(returnPath: string | undefined, use?: string): string {
  const query = new URLSearchParams();
  if (use !== undefined) query.set('use', use);
  if (returnPath !== undefined) query.set('return_to', returnPath);
  const path = '/operator/login/second-factor';
  return query.size === 0 ? path : `${path}?${query}`;
}
