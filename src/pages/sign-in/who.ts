import { z } from 'zod';
import type { Done } from '../../domain/done-steps/done-step.ts';
import { hasSecondFactor, readFactors } from '../../domain/second-factors/factor-store.ts';
import { RequestError } from '../../platform/web/http-errors.ts';
import type { Guard } from '../../platform/web/route.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import type { CommunityKind } from '../routing/community-route.ts';
import { doneBefore, leadOn, leadSender } from '../routing/done-steps.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { answeredStep } from './finish-interaction.ts';
import { admitInteraction, isExpired, leadAnswered, loadInteraction } from './load-interaction.ts';
import {
  arrivedStep,
  findPendingSignIn,
  type PendingSignIn,
  type WaitsFor,
} from './pending-sign-in.ts';
import { type Interaction, readTarget, type SignInTarget, signInPath } from './sign-in-target.ts';

/** What names an app's request in an address. */
export const appRequestParams = z.object({ uid: z.string().regex(/^[\w-]+$/) });

type SignInPlace = {
  path: '/login/:uid';
  params: z.ZodObject<{ uid: z.ZodOptional<z.ZodString> }>;
};

/**
 * Where the pages of a sign-in stand: below `/login` of one's own, below `/login/:uid` of an app's request.
 * Each is there twice; typed as the second, whose parameter the first has not.
 */
export const SIGN_INS = [
  { path: '/login', params: z.object({}) },
  { path: '/login/:uid', params: appRequestParams },
] as unknown as readonly SignInPlace[];

/** The browser that brings the app's request which the address names, and which asks this question. */
export function appRequest(
  question: 'login' | 'consent' | 'access',
): Guard<CommunityKind, Interaction> {
  return {
    name: `app-request:${question}`,
    async admit({ parts, request, params }) {
      const who = await admitInteraction(parts, request, question, params.uid as string);
      return who && { who };
    },
  };
}

/** The same for the form that proves who somebody is: a request that this browser has answered is admitted as that. */
export const appSignIn: Guard<CommunityKind, Interaction | Done> = {
  name: 'app-request:login',
  async admit({ parts, request, params }) {
    const uid = params.uid as string;
    try {
      return { who: await loadInteraction(request, 'login', uid) };
    } catch (error) {
      const done = isExpired(error) && (await doneBefore(parts, answeredStep(request, uid)));
      if (!done) throw error;
      return { who: done };
    }
  },
};

/** Anyone; with an app's request where the address names one. */
export const signingIn: Guard<CommunityKind, SignInTarget> = {
  name: 'signing-in',
  async admit({ parts, request, params }) {
    const who = await readTarget(parts, request, params.uid as string | undefined);
    return who && { who };
  },
};

export type OnTheWay = { pending: PendingSignIn; target: SignInTarget };

/** The browser in which the password of this sign-in was right; any other begins it. */
export function onTheWay(waitsFor: WaitsFor): Guard<CommunityKind, OnTheWay> {
  return {
    name: `on-the-way:${waitsFor}`,
    async admit({ parts, request, params }) {
      const target = await readTarget(parts, request, params.uid as string | undefined);
      if (target === undefined) return undefined;
      const pending = await findPendingSignIn(parts.database, request, target, waitsFor);
      if (pending !== undefined) return { who: { pending, target } };
      if (request.ctx.method !== 'POST') request.redirect(signInPath(target));
      else if (!(await leadArrived(parts, request, target))) throw noSignIn(target);
      return undefined;
    },
  };
}

/** Whoever arrived meanwhile, by the same form: an app's request may have been open when it was read. */
function leadArrived(
  parts: WebParts,
  request: CommunityRequest,
  { interaction }: SignInTarget,
): Promise<boolean> {
  return interaction === undefined
    ? leadSender(parts, request, arrivedStep(request))
    : leadAnswered(parts, request, interaction.uid);
}

/** The same while a second factor is to be set up. Whoever has one by now gives that one: a password alone sets up no other. */
export const settingUp: Guard<CommunityKind, OnTheWay> = {
  name: 'on-the-way:set-up',
  async admit(asked) {
    const admitted = await onTheWay('set-up').admit(asked);
    if (admitted === undefined) return undefined;
    const { pending, target } = admitted.who;
    const { parts, request } = asked;
    const isDue =
      pending.provenAmr !== null ||
      !hasSecondFactor(await readFactors(parts.database, pending.personId));
    if (isDue) return admitted;
    // It was set up while this one looked, by the same form.
    const again = await findPendingSignIn(parts.database, request, target, 'set-up');
    if (again !== undefined && again.provenAmr !== null) return { who: { pending: again, target } };
    if (request.ctx.method !== 'POST') request.redirect(signInPath(target));
    else if (!(await leadArrived(parts, request, target))) throw noSignIn(target);
    return undefined;
  },
};

/**
 * The browser in which a sign-in began that went on at another address. One that has arrived by this code is led
 * on, into the session that it was given: the answer that said so may be lost.
 */
export const returning: Guard<CommunityKind, OnTheWay> = {
  name: 'returning',
  async admit({ parts, request, params }) {
    const uid = params.uid as string | undefined;
    try {
      const target = await readTarget(parts, request, uid);
      if (target === undefined) return undefined;
      const pending = await findPendingSignIn(parts.database, request, target, 'factor');
      if (pending === undefined) throw noSignIn(target);
      return { who: { pending, target } };
    } catch (error) {
      if (!isExpired(error) || !(await leadByCode(parts, request, uid))) throw error;
      return undefined;
    }
  },
};

/** Whoever arrived by the code at hand. @returns whether that is the answer */
export async function leadByCode(
  parts: WebParts,
  request: CommunityRequest,
  uid: string | undefined,
): Promise<boolean> {
  const step = uid === undefined ? arrivedStep(request) : answeredStep(request, uid);
  const done = await doneBefore(parts, step);
  const isByCode = done?.code !== undefined && done.code === request.ctx.query.code;
  return isByCode && leadOn(request, done);
}

export function noSignIn(target?: SignInTarget): RequestError {
  return new RequestError(400, 'expired', 'no sign-in on its way', target && signInPath(target));
}
