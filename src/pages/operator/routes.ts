import { z } from 'zod';
import { noteStep, type Step } from '../../domain/done-steps/done-step.ts';
import { createFirstOperator, isSetupOpen } from '../../domain/operators/create-operator.ts';
import {
  closeOperatorSession,
  findOperatorCredential,
} from '../../domain/operators/operator-session.ts';
import { newPasswordFault } from '../../domain/people/password-rule.ts';
import { provePassword } from '../../domain/people/prove-password.ts';
import type { Transaction } from '../../platform/database/database.ts';
import { isEmailAddress } from '../../platform/text/names.ts';
import { address, noFields, typed } from '../../platform/web/form-fields.ts';
import { type HubRequest, type HubRoute, hubRoute } from '../routing/hub-request.ts';
import { hubDoneBefore, hubFormIn } from '../routing/operator-done-steps.ts';
import { OPERATOR_COOKIE, operator as operatorGuard } from '../routing/operator-guard.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { anyone } from '../routing/who.ts';
import { OPERATOR_FACTOR_ROUTES } from './factor-routes.ts';
import { KEPT_MAIL_ROUTES } from './kept-mail-routes.ts';
import { OPERATOR_PASSKEY_ROUTES } from './passkey-routes.ts';
import { OPERATOR_PASSKEY_SIGN_IN_ROUTES } from './passkey-sign-in-routes.ts';
import { OPERATOR_SECOND_FACTOR_ROUTES } from './second-factor-routes.ts';
import { OPERATOR_SIGN_IN_ROUTES } from './sign-in-routes.ts';

type SetupFault = { field: 'email' | 'password' | 'token'; code: string };

/** `/setup` makes the first operator; `/operator` is the operators' console. */
export const OPERATOR_ROUTES: HubRoute[] = [
  hubRoute({
    method: 'GET',
    path: '/setup',
    who: anyone,
    query: z.object({ token: typed.catch('') }),
    secret: ['token'],
    async handle({ parts, request, query: { token } }) {
      const faults: SetupFault[] = (await isSetupOpen(parts.database, token))
        ? []
        : [{ field: 'token', code: 'invalid' }];
      request.page(
        { page: 'setup', action: '/setup', csrf: request.csrf(), token, faults },
        { status: faults.length > 0 ? 403 : 200, returnTo: setUpPath(token) },
      );
    },
  }),
  hubRoute({
    method: 'POST',
    path: '/setup',
    who: anyone,
    form: z.object({ token: typed, email: address, password: typed }),
    hashes: true,
    async handle({ parts, request, form: { token, email, password } }) {
      const faults: SetupFault[] = [];
      if (!isEmailAddress(email)) faults.push({ field: 'email', code: 'invalid' });
      if (await isSetupOpen(parts.database, token)) {
        const words = [email, parts.config.url.hostname];
        const code = await newPasswordFault(request.passwords(), password, { words });
        if (code !== undefined) faults.push({ field: 'password', code });
      } else {
        faults.unshift({ field: 'token', code: 'invalid' });
      }
      const step = hubFormIn(request, email);
      if (faults.length === 0) {
        const operator = { token, email, password };
        const { hash } = request.passwords();
        const also = async (tx: Transaction) => step && noteStep(parts.sealer, tx, step, {});
        const made = await createFirstOperator(parts.database, operator, hash, also);
        if (made) return showSetUpDone(request);
        faults.push({ field: 'token', code: 'invalid' });
      }
      if (await wasSetUpBy(parts, request, { step, email, password }))
        return showSetUpDone(request);
      request.page(
        { page: 'setup', action: '/setup', csrf: request.csrf(), token, email, faults },
        { status: 400, returnTo: setUpPath(token) },
      );
    },
  }),
  hubRoute({
    method: 'GET',
    path: '/operator',
    who: operatorGuard,
    async handle({ parts, request, who }) {
      const communities = await parts.database.query<{
        slug: string;
        name: string;
        state: string;
        members: number;
        services: number;
      }>(
        `SELECT c.slug, c.name, c.state,
           (SELECT count(*)::int FROM memberships m WHERE m.community_id = c.id AND m.status = 'active') AS members,
           (SELECT count(*)::int FROM services s WHERE s.community_id = c.id) AS services
         FROM communities c ORDER BY c.name`,
      );
      request.page(
        {
          page: 'operator-home',
          communities: communities.map((row) => ({ ...row, url: `/c/${row.slug}` })),
        },
        { operator: who },
      );
    },
  }),
  hubRoute({
    method: 'POST',
    path: '/operator/logout',
    who: anyone,
    form: noFields,
    async handle({ parts, request }) {
      const token = request.ctx.cookies.get(OPERATOR_COOKIE);
      if (token !== undefined) await closeOperatorSession(parts.database, token);
      request.ctx.cookies.set(OPERATOR_COOKIE, null, { path: '/operator' });
      request.redirect('/operator/login');
    },
  }),
  ...OPERATOR_SIGN_IN_ROUTES,
  ...OPERATOR_PASSKEY_SIGN_IN_ROUTES,
  ...OPERATOR_SECOND_FACTOR_ROUTES,
  ...OPERATOR_FACTOR_ROUTES,
  ...OPERATOR_PASSKEY_ROUTES,
  ...KEPT_MAIL_ROUTES,
];

function showSetUpDone(request: HubRequest): void {
  request.page({ page: 'setup-done', operatorUrl: '/operator/login' });
}

/** Whether this very form made the operator a moment ago, with this password. */
async function wasSetUpBy(
  parts: WebParts,
  request: HubRequest,
  { step, email, password }: { step: Step | undefined; email: string; password: string },
): Promise<boolean> {
  if ((await hubDoneBefore(parts, step)) === undefined) return false;
  const { database, throttle } = parts;
  const operator = await findOperatorCredential(database, email);
  // Whoever sits at that browser guesses no more than at the sign-in.
  const name = email.toLowerCase();
  const account = operator?.id ?? name;
  const attempt = { communityId: 'hub', name, account, ip: request.ip };
  if (!(await throttle.attempt(attempt)).allowed) return false;
  const isProven = await provePassword(database, request.passwords(), operator, password);
  if (isProven === undefined) return false;
  await throttle.succeeded(attempt);
  return true;
}

function setUpPath(token: string): string {
  return `/setup?token=${encodeURIComponent(token)}`;
}
