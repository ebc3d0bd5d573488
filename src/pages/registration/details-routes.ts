import { z } from 'zod';
import { releaseAddress, standingOf } from '../../domain/addresses/release-address.ts';
import { noteStep, type Step } from '../../domain/done-steps/done-step.ts';
import { RefusedError } from '../../domain/errors.ts';
import { findLink, spendLink } from '../../domain/links/link-store.ts';
import { suggestUsername } from '../../domain/memberships/choose-username.ts';
import { addNewcomer, UsernameFaultError } from '../../domain/registration/add-newcomer.ts';
import { tellAdminsOfRequest } from '../../domain/registration/messages.ts';
import type { Newcomer } from '../../domain/registration/newcomer.ts';
import { newcomerPasswordFault } from '../../domain/registration/newcomer-password.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import { linkToken } from '../../platform/web/form-fields.ts';
import { localeOf } from '../routing/chrome.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { leadSender, leadVisitor, pageIn } from '../routing/done-steps.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { anyone } from '../routing/who.ts';
import { proceedAfterPassword } from '../sign-in/after-password.ts';
import { takeWaiting } from '../sign-in/app-waiting.ts';
import { leadByPassword, signInAfter } from '../sign-in/lead-by-password.ts';
import { closedPage } from './closed-page.ts';
import {
  newcomerFaults,
  newcomerFields,
  passwordFault,
  readAnswers,
  readNewcomer,
  shownAgain,
  usernameFaultOf,
} from './newcomer-form.ts';
import type { FieldFault, RegistrationPage } from './pages.ts';

type DetailsPage = Extract<RegistrationPage, { page: 'register-details' }>;

type Made = { newcomer: Newcomer; passwordHash: string; step: Step | undefined };

const link = z.object({ token: linkToken });

export const REGISTRATION_DETAILS_ROUTES: CommunityRoute[] = [
  // The address is proven; who will it be? Changes nothing.
  route({
    method: 'GET',
    path: '/register/:token',
    params: link,
    secret: ['token'],
    who: anyone,
    async handle({ parts, request, params: { token } }) {
      const opened = await openAddress(parts, request, token);
      if (await leadVisitor(parts, request, pageIn(request))) return;
      if ('refuse' in opened) return opened.refuse();
      const { address } = opened;
      const newcomer = {
        username: suggestUsername(address),
        displayName: '',
        givenName: '',
        familyName: '',
        answers: readAnswers({}, request.community.questions),
      };
      const form = { ...shownAgain(newcomer), faults: [] };
      request.page(detailsPage(request, token, address, form));
    },
  }),
  // Makes the member, and uses the link up with it.
  route({
    method: 'POST',
    path: '/register/:token',
    params: link,
    secret: ['token'],
    who: anyone,
    form: newcomerFields,
    hashes: true,
    limits: ['link'],
    async handle({ parts, request, params: { token }, form, count }) {
      const opened = await openAddress(parts, request, token);
      // Looked for when the link has been looked at: it may be over as this was done meanwhile.
      const step = pageIn(request);
      const leadAgain = async () =>
        (await leadSender(parts, request, step)) ||
        (await leadByPassword(parts, request, step, form.password, waitingTarget(request)));
      if (await leadAgain()) return;
      if ('refuse' in opened) return opened.refuse();
      const { address } = opened;
      const newcomer = readNewcomer(form, request.community.questions);
      const page = detailsPage(request, token, address, { ...shownAgain(newcomer), faults: [] });
      const refuse = (faults: FieldFault[]) => request.page({ ...page, faults }, { status: 400 });
      const faults = newcomerFaults(newcomer);
      const wait = await count('link');
      if (wait !== undefined) {
        if (await leadAgain()) return;
        request.page({ ...page, retryAfterMinutes: wait }, { status: 429 });
        return;
      }
      faults.push(
        ...passwordFault(
          await newcomerPasswordFault(request.passwords(), newcomer, request.community, address),
        ),
      );
      if (faults.length > 0) return refuse(faults);
      const passwordHash = await request.passwords().hash(newcomer.password);
      try {
        const made = { newcomer, passwordHash, step };
        const subject = await register(parts, request, token, made);
        if (subject === undefined) {
          if (!(await leadAgain())) showExpired(request);
          return;
        }
        await parts.settle();
        if (request.community.registration === 'approval')
          return request.redirect('/register/requested');
        const target = await waitingTarget(request)();
        const proven = { subject, passwordHash };
        await proceedAfterPassword(parts, request, proven, target, signInAfter(step));
      } catch (error) {
        const isTaken =
          error instanceof UsernameFaultError ||
          (error instanceof RefusedError && error.code === 'email-taken');
        if (isTaken && (await leadAgain())) return;
        if (error instanceof UsernameFaultError) return refuse([usernameFaultOf(error.fault)]);
        // Another link of the same address was faster.
        if (isTaken) return showExpired(request);
        throw error;
      }
    },
  }),
];

const waitingTarget = (request: CommunityRequest) => async () => ({
  returnPath: await takeWaiting(request),
});

/** @returns the subject; undefined when the link is used up, or its address came in otherwise */
async function register(
  { database, sealer }: WebParts,
  request: CommunityRequest,
  token: string,
  { newcomer, passwordHash, step }: Made,
): Promise<string | undefined> {
  const { community, issuer } = request;
  const locale = localeOf(request.ctx, community.locale);
  const status = community.registration === 'open' ? 'active' : 'requested';
  return database.transaction(async (tx) => {
    const link = await spendLink(tx, community.id, 'registration', token);
    if (link?.email == null) return undefined;
    if ((await standingOf(tx, community.id, link.email)) === 'refused') return undefined;
    await releaseAddress(tx, community.id, link.email);
    const admission = { status, locale, passwordHash, provenEmail: link.email } as const;
    const subject = await addNewcomer(tx, community.id, newcomer, admission);
    if (status === 'requested') {
      await recordEvents(tx, [
        { communityId: community.id, type: 'member.requested', actor: 'anonymous', subject },
      ]);
      await tellAdminsOfRequest(tx, { community, issuerUrl: issuer.url, newcomer });
    }
    const ledTo = status === 'requested' ? `${issuer.basePath}/register/requested` : undefined;
    if (step) await noteStep(sealer, tx, step, { subject, ledTo });
    return subject;
  });
}

/** The address that the link proves; where there is none, what says why. */
async function openAddress(
  parts: WebParts,
  request: CommunityRequest,
  token: string,
): Promise<{ address: string } | { refuse: () => void }> {
  const { registration } = request.community;
  const link = await findLink(parts.database, request.community.id, 'registration', token);
  if (link?.email == null) return { refuse: () => showExpired(request) };
  if (registration !== 'open' && registration !== 'approval')
    return { refuse: () => request.page(closedPage(request), { status: 403 }) };
  return { address: link.email };
}

function showExpired(request: CommunityRequest): void {
  const { basePath } = request.issuer;
  request.page(
    {
      page: 'register-expired',
      registerUrl: `${basePath}/register`,
      loginUrl: `${basePath}/login`,
    },
    { status: 404 },
  );
}

function detailsPage(
  { community, issuer, csrf }: CommunityRequest,
  token: string,
  address: string,
  form: Pick<
    DetailsPage,
    'username' | 'displayName' | 'givenName' | 'familyName' | 'questions' | 'faults'
  >,
): DetailsPage {
  return {
    page: 'register-details',
    state: community.registration === 'open' ? 'open' : 'approval',
    action: `${issuer.basePath}/register/${token}`,
    csrf: csrf(),
    address,
    ...form,
  };
}
