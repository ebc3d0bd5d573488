import {
  type Answer,
  changeOnce,
  type Done,
  findDone,
  type Step,
} from '../../domain/done-steps/done-step.ts';
import {
  findOperatorBySession,
  OPERATOR_SESSION_SECONDS,
} from '../../domain/operators/operator-session.ts';
import type { Transaction } from '../../platform/database/database.ts';
import { formIdOf } from '../../platform/web/csrf.ts';
import type { HubRequest } from './hub-request.ts';
import { OPERATOR_COOKIE } from './operator-guard.ts';
import type { WebParts } from './web-parts.ts';

// As `done-steps.ts` for communities: the hub's own forms, sent twice.

type Parts = Pick<WebParts, 'database' | 'sealer'>;

/** A step of the browser at hand on the hub's own pages. */
export function hubStepIn(request: HubRequest, name: string): Step | undefined {
  const browser = request.browserKey();
  if (browser === undefined) return undefined;
  return { communityId: null, browser, name: `${request.origin} ${name}` };
}

/** The form that was sent; `about` is what was typed there, and whose it is. */
export function hubFormIn(request: HubRequest, about: string): Step | undefined {
  const formId = formIdOf(request.ctx);
  return formId === undefined
    ? undefined
    : hubStepIn(request, `${request.ctx.path} ${formId} ${about}`);
}

/** The page at hand, of what was sent there. */
export function hubPageIn(request: HubRequest, about: string): Step | undefined {
  return hubStepIn(request, `${request.ctx.path} ${about}`);
}

export function setOperatorCookie({ ctx }: HubRequest, token: string): void {
  ctx.cookies.set(OPERATOR_COOKIE, token, {
    httpOnly: true,
    sameSite: 'strict',
    path: '/operator',
    maxAge: OPERATOR_SESSION_SECONDS * 1000,
    overwrite: true,
  });
}

/** Leads where the first answer led, into the same session if one came with it. @returns false when that is over */
export async function leadOperator(
  { database }: Pick<Parts, 'database'>,
  request: HubRequest,
  { subject, ledTo, sessionId }: Answer,
): Promise<boolean> {
  if (ledTo === undefined) return false;
  if (sessionId !== undefined) {
    const who = await findOperatorBySession(database, sessionId);
    if (who?.id !== subject) return false;
    setOperatorCookie(request, sessionId);
  }
  request.redirect(ledTo);
  return true;
}

/** What this browser did a moment ago. */
export async function hubDoneBefore(
  parts: Parts,
  step: Step | undefined,
): Promise<Done | undefined> {
  return step && findDone(parts, step);
}

/** The same for whoever sends the form of a step that asks for nothing but the form. @returns whether that is the answer */
export async function leadOperatorAgain(
  parts: Parts,
  request: HubRequest,
  step: Step | undefined,
): Promise<boolean> {
  const done = await hubDoneBefore(parts, step);
  return done !== undefined && leadOperator(parts, request, done);
}

/** As `changeOrLead` for communities. @returns what was against it: nothing was changed, and nothing answered */
export async function changeOrLeadOperator<Against = never>(
  parts: Parts,
  request: HubRequest,
  { step, ...answer }: { step: Step | undefined; subject: string; ledTo: string },
  change: (tx: Transaction) => Promise<Against | undefined>,
): Promise<Against | undefined> {
  const changed = await changeOnce(parts, step, answer, change);
  if ('against' in changed) return changed.against;
  await leadOperator(parts, request, changed.answer);
  return undefined;
}
