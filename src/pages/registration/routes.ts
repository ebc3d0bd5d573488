import { shortened } from '../../domain/memberships/display-name.ts';
import { enqueue } from '../../platform/outbox/outbox.ts';
import { isSolved } from '../../platform/proof-of-work/challenge.ts';
import { allowToSetOut } from '../joining/allow-join-redirect.ts';
import { localeOf } from '../routing/chrome.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import type { CommunityRoutes } from '../routing/community-route-table.ts';
import { signedIn } from '../routing/signed-in.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { pathOfWaiting } from '../sign-in/app-waiting.ts';
import { closedPage } from './closed-page.ts';
import { showDetails, submitDetails } from './details-routes.ts';
import { emailFault } from './newcomer-form.ts';
import type { RegistrationPage } from './pages.ts';
import { retryAfterMinutes } from './retry-after.ts';

type RegisterPage = Extract<RegistrationPage, { page: 'register' }>;

/** Coming in by oneself: the address first, and all else behind the link that is sent to it. */
export const REGISTRATION_ROUTES: CommunityRoutes = [
  ['GET', /^\/register$/, (_parts, request) => showRegister(request)],
  ['POST', /^\/register$/, (parts, request) => submitRegister(parts, request)],
  ['GET', /^\/register\/sent$/, async (_parts, request) => showSent(request)],
  ['GET', /^\/register\/requested$/, async (_parts, request) => showRequested(request)],
  [
    'GET',
    /^\/register\/([\w-]+)$/,
    (parts, request, [token]) => showDetails(parts, request, token as string),
  ],
  [
    'POST',
    /^\/register\/([\w-]+)$/,
    (parts, request, [token]) => submitDetails(parts, request, token as string),
  ],
];

async function showRegister(request: CommunityRequest): Promise<void> {
  if ((await signedIn(request)) !== undefined) {
    request.redirect('/');
    return;
  }
  const page = registerPage(request);
  request.page(page ?? closedPage(request));
}

/**
 * Answers the same, in the same time, to every address: it is the worker that finds out whether somebody
 * is known by it (docs/decisions/0015).
 */
async function submitRegister(parts: WebParts, request: CommunityRequest): Promise<void> {
  const fields = await request.form();
  const page = registerPage(request);
  if (page === undefined) {
    request.page(closedPage(request), { status: 403 });
    return;
  }
  const { community } = request;
  const email = (fields.email ?? '').trim();
  const again = { ...page, email: shortened(email, 300) };
  const code = emailFault(email);
  if (code !== undefined) {
    request.page({ ...again, faults: [{ field: 'email', kind: 'email', code }] }, { status: 400 });
    return;
  }
  const solved = await isSolved(parts, community.id, fields.challenge);
  const kind = solved ? 'registration' : 'registration-unsolved';
  const wait = await retryAfterMinutes(parts, request, kind, email);
  if (wait !== undefined) {
    request.page({ ...again, retryAfterMinutes: wait }, { status: 429 });
    return;
  }
  const locale = localeOf(request.ctx, community.locale);
  await parts.database.transaction((tx) =>
    enqueue(tx, [
      {
        kind: 'registration-request',
        communityId: community.id,
        payload: { email, issuerUrl: request.issuer.url, locale },
      },
    ]),
  );
  request.redirect('/register/sent');
}

function registerPage(request: CommunityRequest): RegisterPage | undefined {
  const { community, issuer, csrf } = request;
  const { registration } = community;
  if (registration !== 'open' && registration !== 'approval') return undefined;
  allowToSetOut(request);
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

function showSent(request: CommunityRequest): void {
  request.page({
    page: 'register-sent',
    registerUrl: `${request.issuer.basePath}/register`,
  });
}

function showRequested(request: CommunityRequest): void {
  request.page({ page: 'register-requested', homeUrl: request.issuer.basePath || '/' });
}
