import { z } from 'zod';
import { noteStep } from '../../domain/done-steps/done-step.ts';
import { findLink } from '../../domain/links/link-store.ts';
import { orTooShort } from '../../domain/memberships/set-password.ts';
import { isShortAlone, newPasswordFault } from '../../domain/people/password-rule.ts';
import {
  type Recoverable,
  recoverableBy,
  resetByLink,
} from '../../domain/recovery/reset-password.ts';
import { enqueue } from '../../platform/outbox/outbox.ts';
import { linkToken, typed } from '../../platform/web/form-fields.ts';
import { localeOf } from '../routing/chrome.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { formIn, leadSender, leadVisitor, pageIn } from '../routing/done-steps.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { anyone } from '../routing/who.ts';
import { leadByPassword } from '../sign-in/lead-by-password.ts';
import type { RecoveryPage } from './pages.ts';

type RecoverPage = Extract<RecoveryPage, { page: 'recover' }>;
type PasswordPage = Extract<RecoveryPage, { page: 'recover-password' }>;

/** Where a new password leads. */
export const AFTER = '/login?notice=password-changed';

const MAX_LOGIN = 320;

const link = z.object({ token: linkToken });

/** Getting back in by a link that is sent to the member's address. */
export const RECOVERY_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/recover',
    who: anyone,
    handle: ({ request }) => request.page(recoverPage(request)),
  }),
  // Answers the same, in the same time, to every name: the worker finds out whether somebody has it.
  route({
    method: 'POST',
    path: '/recover',
    who: anyone,
    form: z.object({ username: typed.transform((text) => text.trim().slice(0, MAX_LOGIN)) }),
    limits: ['recovery'],
    async handle({ parts, request, form: { username: login }, count }) {
      const page = { ...recoverPage(request), login };
      if (login === '') {
        request.page({ ...page, fault: 'missing' }, { status: 400 });
        return;
      }
      const step = formIn(request, login);
      if (await leadSender(parts, request, step)) return;
      const wait = await count('recovery', login);
      if (wait !== undefined) {
        if (await leadSender(parts, request, step)) return;
        request.page({ ...page, fault: 'throttled', retryAfterMinutes: wait }, { status: 429 });
        return;
      }
      const { community, issuer, ctx } = request;
      const payload = { login, issuerUrl: issuer.url, locale: localeOf(ctx, community.locale) };
      const ledTo = `${issuer.basePath}/recover/sent`;
      await parts.database.transaction(async (tx) => {
        if (step && !(await noteStep(parts.sealer, tx, step, { ledTo }))) return;
        await enqueue(tx, [{ kind: 'recovery-request', communityId: community.id, payload }]);
      });
      request.redirect('/recover/sent');
    },
  }),
  route({
    method: 'GET',
    path: '/recover/sent',
    who: anyone,
    handle: ({ request }) => request.page({ page: 'recover-sent', ...ways(request) }),
  }),
  // Looking at the page changes nothing: mail scanners open links, too.
  route({
    method: 'GET',
    path: '/recover/:token',
    params: link,
    secret: ['token'],
    who: anyone,
    async handle({ parts, request, params: { token } }) {
      const member = await whose(parts, request, token);
      if (member !== undefined) request.page(passwordPage(request, token, member));
      else if (!(await leadVisitor(parts, request, pageIn(request)))) showExpired(request);
    },
  }),
  route({
    method: 'POST',
    path: '/recover/:token',
    params: link,
    secret: ['token'],
    who: anyone,
    form: z.object({ password: typed }),
    hashes: true,
    async handle({ parts, request, params: { token }, form: { password } }) {
      const { community, issuer } = request;
      const member = await whose(parts, request, token);
      const step = pageIn(request);
      const leadAgain = async () => {
        if (!(await leadByPassword(parts, request, step, password))) showExpired(request);
      };
      if (member === undefined) return leadAgain();
      const code = await newPasswordFault(request.passwords(), password, {
        words: [...member.words, community.name, community.slug],
        secondFactor: member.secondFactor,
      });
      const refuse = (fault: NonNullable<typeof code>) => {
        const faults: PasswordPage['faults'] = [{ field: 'password', code: fault }];
        request.page({ ...passwordPage(request, token, member), faults }, { status: 400 });
      };
      if (code !== undefined) return refuse(code);
      const hash = await request.passwords().hash(password);
      const isShort = isShortAlone(password);
      const place = { communityId: community.id, issuerUrl: issuer.url };
      const done = await orTooShort(
        parts.database.transaction(async (tx) => {
          const reset = await resetByLink(tx, place, token, { hash, isShort });
          const ledTo = `${issuer.basePath}${AFTER}`;
          if (reset && step) await noteStep(parts.sealer, tx, step, { ...reset, ledTo });
          return reset;
        }),
      );
      if (done === 'too-short') return refuse(done);
      if (done === undefined) return leadAgain();
      await parts.settle();
      request.redirect(AFTER);
    },
  }),
];

export function ways({ issuer }: CommunityRequest): { loginUrl: string; recoverUrl: string } {
  return { loginUrl: `${issuer.basePath}/login`, recoverUrl: `${issuer.basePath}/recover` };
}

function recoverPage(request: CommunityRequest): RecoverPage {
  const { loginUrl, recoverUrl } = ways(request);
  return { page: 'recover', action: recoverUrl, csrf: request.csrf(), login: '', loginUrl };
}

async function whose(
  { database }: WebParts,
  { community }: CommunityRequest,
  token: string,
): Promise<Recoverable | undefined> {
  const link = await findLink(database, community.id, 'recovery', token);
  return link && recoverableBy(database, community.id, link);
}

function passwordPage(
  request: CommunityRequest,
  token: string,
  { username, secondFactor }: Recoverable,
): PasswordPage {
  const action = `${request.issuer.basePath}/recover/${token}`;
  return {
    page: 'recover-password',
    action,
    csrf: request.csrf(),
    username,
    secondFactor,
    assisted: false,
    faults: [],
  };
}

/** The same for a link that was used, has expired, was cut short, or is another community's. */
export function showExpired(request: CommunityRequest): void {
  request.page({ page: 'recover-expired', ...ways(request) }, { status: 400 });
}
