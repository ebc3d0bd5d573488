import { z } from 'zod';
import { noteStep } from '../../domain/done-steps/done-step.ts';
import { shortened } from '../../domain/memberships/display-name.ts';
import { enqueue } from '../../platform/outbox/outbox.ts';
import { isSolved } from '../../platform/proof-of-work/challenge.ts';
import { typed } from '../../platform/web/form-fields.ts';
import { localeOf } from '../routing/chrome.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { formIn, leadSender } from '../routing/done-steps.ts';
import { signedIn } from '../routing/signed-in.ts';
import { anyone } from '../routing/who.ts';
import { pathOfWaiting } from '../sign-in/app-waiting.ts';
import { allowJoinRedirect } from './allow-join-redirect.ts';
import { closedPage } from './closed-page.ts';
import { REGISTRATION_DETAILS_ROUTES } from './details-routes.ts';
import { emailFault } from './newcomer-form.ts';
import type { RegistrationPage } from './pages.ts';

type RegisterPage = Extract<RegistrationPage, { page: 'register' }>;

/** Coming in by oneself: the address first, and all else behind the link that is sent to it. */
export const REGISTRATION_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/register',
    who: anyone,
    async handle({ request }) {
      if ((await signedIn(request)) !== undefined) return request.redirect('/');
      request.page(registerPage(request) ?? closedPage(request));
    },
  }),
  // Answers the same, in the same time, to every address: it is the worker that finds out whether
  // somebody is known by it (docs/decisions/0015).
  route({
    method: 'POST',
    path: '/register',
    who: anyone,
    form: z.object({
      email: typed.transform((text) => text.trim()),
      challenge: z.string().optional(),
    }),
    limits: ['challenge-answer', 'registration', 'registration-unsolved'],
    async handle({ parts, request, form: { email, challenge }, count }) {
      const page = registerPage(request);
      if (page === undefined) {
        request.page(closedPage(request), { status: 403 });
        return;
      }
      const { community } = request;
      const step = formIn(request, email);
      if (await leadSender(parts, request, step)) return;
      const again = { ...page, email: shortened(email, 300) };
      const code = emailFault(email);
      if (code !== undefined) {
        const faults = [{ field: 'email', kind: 'email', code }];
        request.page({ ...again, faults }, { status: 400 });
        return;
      }
      // Counted before it is looked at; beyond the limit it is as good as none.
      const isLookedAt = Boolean(challenge) && (await count('challenge-answer')) === undefined;
      const solved = isLookedAt && (await isSolved(parts, community.id, challenge));
      const wait = await count(solved ? 'registration' : 'registration-unsolved', email);
      if (wait !== undefined) {
        if (await leadSender(parts, request, step)) return;
        request.page({ ...again, retryAfterMinutes: wait }, { status: 429 });
        return;
      }
      const locale = localeOf(request.ctx, community.locale);
      const payload = { email, issuerUrl: request.issuer.url, locale };
      const ledTo = `${request.issuer.basePath}/register/sent`;
      await parts.database.transaction(async (tx) => {
        if (step && !(await noteStep(parts.sealer, tx, step, { ledTo }))) return;
        await enqueue(tx, [{ kind: 'registration-request', communityId: community.id, payload }]);
      });
      request.redirect('/register/sent');
    },
  }),
  route({
    method: 'GET',
    path: '/register/sent',
    who: anyone,
    handle: ({ request }) =>
      request.page({
        page: 'register-sent',
        registerUrl: `${request.issuer.basePath}/register`,
      }),
  }),
  route({
    method: 'GET',
    path: '/register/requested',
    who: anyone,
    handle: ({ request }) =>
      request.page({ page: 'register-requested', homeUrl: request.issuer.basePath || '/' }),
  }),
  ...REGISTRATION_DETAILS_ROUTES,
];

function registerPage(request: CommunityRequest): RegisterPage | undefined {
  const { community, issuer, csrf } = request;
  const { registration } = community;
  if (registration !== 'open' && registration !== 'approval') return undefined;
  allowJoinRedirect(request);
  const waiting = pathOfWaiting(request);
  const loginPath = waiting === undefined ? '/login' : `${waiting}?login`;
  return {
    page: 'register',
    state: registration,
    action: `${issuer.basePath}/register`,
    csrf: csrf(),
    challengeUrl: `${issuer.basePath}/challenge`,
    faults: [],
    loginUrl: issuer.basePath + loginPath,
    join: { action: `${issuer.basePath}/join`, csrf: csrf() },
  };
}
