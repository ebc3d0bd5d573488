import { setTimeout } from 'node:timers/promises';
import type { Context } from 'koa';
import {
  type Answer,
  changeOnce,
  type Done,
  findDone,
  findDoneByKey,
  type Step,
} from '../../domain/done-steps/done-step.ts';
import type { Transaction } from '../../platform/database/database.ts';
import { formIdOf } from '../../platform/web/csrf.ts';
import { resumeBrowserSession } from './browser-session.ts';
import type { CommunityRequest } from './community-request.ts';
import { DEVICE_COOKIE } from './device-note.ts';
import { signedInMember } from './signed-in.ts';
import type { WebParts } from './web-parts.ts';

// Whoever sends a form twice (a double click, a slow line, a reload, two tabs) is led where the first answer
// led, if it is the browser that was answered (docs/decisions/0044-a-step-done-twice.md).

type Parts = Pick<WebParts, 'database' | 'sealer'>;

/** A step of the browser at hand; undefined for a browser without a cookie, of which nothing is remembered. */
export function stepIn(request: CommunityRequest, name: string): Step | undefined {
  const browser = request.browserKey();
  const { community, issuer } = request;
  if (browser === undefined) return undefined;
  return { communityId: community.id, browser, name: `${issuer.url} ${name}` };
}

/** The form that was sent, of a page that tells nothing else of what it is about; `about` is what was typed there. */
export function formIn(request: CommunityRequest, about: string): Step | undefined {
  const formId = formIdOf(request.ctx);
  return formId === undefined ? undefined : stepIn(request, `${request.path} ${formId} ${about}`);
}

/** The page at hand, whose address holds what it is about, such as the token of a link. */
export function pageIn(request: CommunityRequest, about = ''): Step | undefined {
  return stepIn(request, `${request.path} ${about}`);
}

/** What this browser did a moment ago; undefined for any other. */
export async function doneBefore(parts: Parts, step: Step | undefined): Promise<Done | undefined> {
  return step && findDone(parts, step);
}

/** The same where it may have been one of several. */
export async function doneAmong(
  parts: Parts,
  steps: readonly (Step | undefined)[],
): Promise<Done | undefined> {
  for (const step of steps) {
    const done = await doneBefore(parts, step);
    if (done !== undefined) return done;
  }
  return undefined;
}

/** Milliseconds before each look: three seconds in all, as long as a request at work may take to store what it does. */
const PAUSES = [50, 100, 200, 400, 800, 1_600];

/**
 * The same where what was sent counts once and opens nothing again: of two at once, the second waits for the note
 * that the first stores with all that it does, at work on this very moment as it may be; and while its visitor does.
 */
export async function doneMeanwhile(
  parts: Parts,
  { ctx }: { ctx: Context },
  steps: readonly (Step | undefined)[],
): Promise<Done | undefined> {
  for (const pause of PAUSES) {
    await setTimeout(pause);
    if (ctx.socket.destroyed) return undefined;
    const done = await doneAmong(parts, steps);
    if (done !== undefined) return done;
  }
  return undefined;
}

/**
 * Leads where the first answer led, into the same session if one came with it.
 * @returns false when that session is over: then the step is to be done anew, by whoever can
 */
export async function leadOn(request: CommunityRequest, done: Answer): Promise<boolean> {
  const { subject, ledTo, sessionId } = done;
  if (ledTo === undefined) return false;
  if (sessionId !== undefined) {
    const login = { accountId: subject as string, sessionId };
    if (!(await resumeBrowserSession(request, login))) return false;
  }
  request.ctx.status = 303;
  request.ctx.redirect(ledTo);
  return true;
}

/** The same for whoever sends the form of a step that asks for nothing but the form. @returns whether that is the answer */
export async function leadSender(
  parts: Parts,
  request: CommunityRequest,
  step: Step | undefined,
): Promise<boolean> {
  const done = await doneBefore(parts, step);
  return done !== undefined && leadOn(request, done);
}

/**
 * A change after which nothing is left to change: where it finds nothing, its form leads where it led when it came first.
 * @param to where it leads, below the issuer
 * @param change throws NotFoundError when there is nothing (any more), and returns what is against it
 * @returns what was against it: nothing was changed, and nothing answered
 */
export async function changeOrLead<Against = never>(
  parts: Pick<WebParts, 'database' | 'sealer' | 'settle'>,
  request: CommunityRequest,
  { step, subject, to }: { step: Step | undefined; subject: string; to: string },
  change: (tx: Transaction) => Promise<Against | undefined>,
): Promise<Against | undefined> {
  const ledTo = request.issuer.basePath + to;
  const changed = await changeOnce(parts, step, { subject, ledTo }, change);
  if ('against' in changed) return changed.against;
  if (changed.isNew) await parts.settle();
  await leadOn(request, changed.answer);
  return undefined;
}

/** The same for whoever opens the page of a step that they did, and is signed in as who did it. */
export async function leadVisitor(
  parts: Parts,
  request: CommunityRequest,
  step: Step | undefined,
): Promise<boolean> {
  const done = await doneBefore(parts, step);
  if (done?.subject === undefined) return false;
  const visitor = await signedInMember(request);
  return visitor?.subject === done.subject && leadOn(request, done);
}

/** After another request stored the same step first: this one stored nothing, and leads where that one did. */
export async function leadAfterOther(parts: Parts, request: CommunityRequest): Promise<boolean> {
  const { doneStep } = request.unit;
  if (doneStep === undefined) return false;
  const done = await findDoneByKey(parts, request.community.id, doneStep.key);
  // What this one was about to store was of the same member, who has proven it here as well.
  if (done === undefined || done.subject !== doneStep.subject) return false;
  const { ctx } = request;
  const cookies = [ctx.response.get('set-cookie') ?? []].flat() as string[];
  ctx.remove('Set-Cookie');
  const device = cookies.filter((cookie) => cookie.startsWith(`${DEVICE_COOKIE}=`));
  if (device.length > 0) ctx.set('Set-Cookie', device);
  return leadOn(request, done);
}
