import { z } from 'zod';
import { noteStep } from '../../domain/done-steps/done-step.ts';
import { findLink, spendLink } from '../../domain/links/link-store.ts';
import { isShortAlone, newPasswordFault } from '../../domain/people/password-rule.ts';
import { endRecovery, recoveryOf, wasGivenBack } from '../../domain/recovery/assisted-recovery.ts';
import {
  completeAssistedRecovery,
  recoveryByLink,
} from '../../domain/recovery/complete-assisted-recovery.ts';
import { linkToken, noFields, typed } from '../../platform/web/form-fields.ts';
import { notFound } from '../../platform/web/http-errors.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { doneBefore, formIn, leadSender, leadVisitor, pageIn } from '../routing/done-steps.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { anyone, member } from '../routing/who.ts';
import { leadByPassword } from '../sign-in/lead-by-password.ts';
import { ADMIN_RECOVERY_ROUTES } from './admin-routes.ts';
import type { RecoveryPage } from './pages.ts';
import { AFTER, showExpired, ways } from './routes.ts';

type PasswordPage = Extract<RecoveryPage, { page: 'recover-password' }>;

/** Where whoever is signed in reads that nothing is given back. */
const REFUSED = '/?notice=recovery-refused';

const link = z.object({ token: linkToken });

/** What two admins give back: the person's own side of it. */
export const ASSISTED_RECOVERY_ROUTES: CommunityRoute[] = [
  ...ADMIN_RECOVERY_ROUTES,
  route({
    method: 'GET',
    path: '/recover/assisted/:token',
    params: link,
    secret: ['token'],
    who: anyone,
    async handle({ parts, request, params: { token } }) {
      const found = await opened(parts, request, token);
      if (found === undefined) {
        if (!(await leadVisitor(parts, request, pageIn(request)))) showExpired(request);
      } else if (!found.refuse) request.page(passwordPage(request, token, found.username));
      else await showRefusal(parts, request, token, found.subject);
    },
  }),
  route({
    method: 'POST',
    path: '/recover/assisted/:token',
    params: link,
    secret: ['token'],
    who: anyone,
    form: z.object({ password: typed }),
    hashes: true,
    async handle({ parts, request, params: { token }, form: { password } }) {
      const found = await opened(parts, request, token);
      const step = pageIn(request);
      const leadAgain = async () => {
        const refused = await doneBefore(parts, step);
        if (refused?.subject === undefined && refused !== undefined) return showRefused(request);
        if (!(await leadByPassword(parts, request, step, password))) showExpired(request);
      };
      if (found === undefined) return leadAgain();
      if (found.refuse) return refuseByLink(parts, request, token, found);
      const { community, issuer } = request;
      const words = [...found.words, community.name, community.slug];
      const code = await newPasswordFault(request.passwords(), password, { words });
      if (code !== undefined) {
        const faults: PasswordPage['faults'] = [{ field: 'password', code }];
        const page = passwordPage(request, token, found.username);
        return request.page({ ...page, faults }, { status: 400 });
      }
      const hash = await request.passwords().hash(password);
      const isShort = isShortAlone(password);
      const place = { communityId: community.id, issuerUrl: issuer.url };
      const done = await parts.database.transaction(async (tx) => {
        const given = await completeAssistedRecovery(tx, place, token, { hash, isShort });
        const ledTo = `${issuer.basePath}${AFTER}`;
        if (given && step) await noteStep(parts.sealer, tx, step, { ...given, ledTo });
        return given;
      });
      if (done === undefined) return leadAgain();
      await parts.settle();
      request.redirect(AFTER);
    },
  }),
  // The notice on the home leads here; so does a sign-in in between.
  route({
    method: 'GET',
    path: '/account/recovery/refuse',
    who: member,
    handle: ({ request }) => request.redirect('/'),
  }),
  // Whoever is still signed in says that it was not them.
  route({
    method: 'POST',
    path: '/account/recovery/refuse',
    who: member,
    form: noFields,
    async handle({ parts, request, who }) {
      const { subject } = who.member;
      const communityId = request.community.id;
      const recovery = await recoveryOf(parts.database, communityId, subject);
      const step = formIn(request, subject);
      if (recovery === undefined) {
        if (await leadSender(parts, request, step)) return;
        throw notFound('recovery');
      }
      const ended = { id: recovery.id, subject };
      const ledTo = `${request.issuer.basePath}${REFUSED}`;
      const isRefused = await parts.database.transaction(async (tx) => {
        const isOver = await endRecovery(tx, communityId, ended, subject, 'cancelled');
        if (isOver && step) await noteStep(parts.sealer, tx, step, { subject, ledTo });
        return isOver;
      });
      // However else it ended meanwhile, the account stays as it is.
      if (!isRefused && (await wasGivenBack(parts.database, communityId, recovery.id)))
        return showTooLate(request);
      await parts.settle();
      request.redirect(REFUSED);
    },
  }),
];

type Opened =
  | { refuse: true; subject: string; recovery: string }
  | { refuse: false; username: string; words: string[] };

async function opened(
  parts: WebParts,
  { community }: CommunityRequest,
  token: string,
): Promise<Opened | undefined> {
  const link = await findLink(parts.database, community.id, 'assisted-recovery', token);
  if (link?.subject == null || typeof link.details.recovery !== 'string') return undefined;
  if (link.details.refuse === true)
    return { refuse: true, subject: link.subject, recovery: link.details.recovery };
  return parts.database.transaction(async (tx) => {
    const recovery = await recoveryByLink(tx, community.id, link);
    if (recovery === undefined) return undefined;
    const { username, displayName } = recovery;
    return { refuse: false, username, words: [username, displayName] };
  });
}

async function showRefusal(
  parts: WebParts,
  request: CommunityRequest,
  token: string,
  subject: string,
): Promise<void> {
  const recovery = await recoveryOf(parts.database, request.community.id, subject);
  if (recovery === undefined) return showExpired(request);
  const { displayName, username } = recovery;
  request.page({
    page: 'recover-refuse',
    action: `${request.issuer.basePath}/recover/assisted/${token}`,
    csrf: request.csrf(),
    member: { displayName, username },
  });
}

/** The link is used up only when there was something to refuse. */
async function refuseByLink(
  parts: WebParts,
  request: CommunityRequest,
  token: string,
  { subject, recovery }: { subject: string; recovery: string },
): Promise<void> {
  const communityId = request.community.id;
  const step = pageIn(request);
  const ended = await parts.database.transaction(async (tx) => {
    await spendLink(tx, communityId, 'assisted-recovery', token);
    const isOver = await endRecovery(
      tx,
      communityId,
      { id: recovery, subject },
      subject,
      'cancelled',
    );
    if (isOver && step) await noteStep(parts.sealer, tx, step, {});
    return isOver;
  });
  if (!ended && (await doneBefore(parts, step)) === undefined) {
    const isTooLate = await wasGivenBack(parts.database, communityId, recovery);
    return isTooLate ? showTooLate(request) : showExpired(request);
  }
  await parts.settle();
  showRefused(request);
}

function showRefused(request: CommunityRequest): void {
  request.page({ page: 'recover-refused', loginUrl: ways(request).loginUrl });
}

/** The account was given back just before. */
function showTooLate(request: CommunityRequest): void {
  const { loginUrl } = ways(request);
  request.page({ page: 'recover-too-late', loginUrl }, { status: 409 });
}

function passwordPage(request: CommunityRequest, token: string, username: string): PasswordPage {
  return {
    page: 'recover-password',
    action: `${request.issuer.basePath}/recover/assisted/${token}`,
    csrf: request.csrf(),
    username,
    secondFactor: false,
    assisted: true,
    faults: [],
  };
}
