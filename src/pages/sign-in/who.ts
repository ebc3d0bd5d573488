import { z } from 'zod';
import { hasSecondFactor, readFactors } from '../../domain/second-factors/factor-store.ts';
import { RequestError } from '../../platform/web/http-errors.ts';
import type { Guard } from '../../platform/web/route.ts';
import type { CommunityKind } from '../routing/community-route.ts';
import { loadInteraction } from './load-interaction.ts';
import { findPendingSignIn, type PendingSignIn, type WaitsFor } from './pending-sign-in.ts';
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
    admit: async ({ request, params }) => ({
      who: await loadInteraction(request, question, params.uid as string),
    }),
  };
}

/** Anyone; with an app's request where the address names one. */
export const signingIn: Guard<CommunityKind, SignInTarget> = {
  name: 'signing-in',
  admit: async ({ request, params }) => ({
    who: await readTarget(request, params.uid as string | undefined),
  }),
};

export type OnTheWay = { pending: PendingSignIn; target: SignInTarget };

/** The browser in which the password of this sign-in was right; any other begins it. */
export function onTheWay(waitsFor: WaitsFor): Guard<CommunityKind, OnTheWay> {
  return {
    name: `on-the-way:${waitsFor}`,
    async admit({ parts, request, params }) {
      const target = await readTarget(request, params.uid as string | undefined);
      const pending = await findPendingSignIn(parts.database, request, target, waitsFor);
      if (pending !== undefined) return { who: { pending, target } };
      if (request.ctx.method === 'POST') throw noSignIn(target);
      request.redirect(signInPath(target));
      return undefined;
    },
  };
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
    if (request.ctx.method === 'POST') throw noSignIn(target);
    request.redirect(signInPath(target));
    return undefined;
  },
};

export function noSignIn(target?: SignInTarget): RequestError {
  return new RequestError(400, 'expired', 'no sign-in on its way', target && signInPath(target));
}
