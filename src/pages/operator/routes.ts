import { z } from 'zod';
import { createFirstOperator, isSetupOpen } from '../../domain/operators/create-operator.ts';
import {
  closeOperatorSession,
  findOperatorCredential,
  OPERATOR_SESSION_SECONDS,
  openOperatorSession,
} from '../../domain/operators/operator-session.ts';
import { newPasswordFault } from '../../domain/people/password-rule.ts';
import { provePassword } from '../../domain/people/prove-password.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import { isEmailAddress } from '../../platform/text/names.ts';
import { noFields, typed } from '../../platform/web/form-fields.ts';
import { paceRefusal } from '../../platform/web/pace-refusal.ts';
import { type HubRoute, hubRoute } from '../routing/hub-request.ts';
import { OPERATOR_COOKIE, operator as operatorGuard } from '../routing/operator-guard.ts';
import { anyone } from '../routing/who.ts';
import { KEPT_MAIL_ROUTES } from './kept-mail-routes.ts';

type SetupFault = { field: 'email' | 'password' | 'token'; code: string };

const address = typed.transform((text) => text.trim());

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
      if (faults.length === 0) {
        const operator = { token, email, password };
        const { hash } = request.passwords();
        const made = await createFirstOperator(parts.database, operator, hash);
        if (made) {
          request.page({ page: 'setup-done', operatorUrl: '/operator/login' });
          return;
        }
        faults.push({ field: 'token', code: 'invalid' });
      }
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
    async handle({ parts, request }) {
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
      request.page({
        page: 'operator-home',
        communities: communities.map((row) => ({ ...row, url: `/c/${row.slug}` })),
        mailsUrl: '/operator/mails',
        signOut: { action: '/operator/logout', csrf: request.csrf() },
      });
    },
  }),
  hubRoute({
    method: 'GET',
    path: '/operator/login',
    who: anyone,
    handle: ({ request }) =>
      request.page({ page: 'operator-login', action: '/operator/login', csrf: request.csrf() }),
  }),
  hubRoute({
    method: 'POST',
    path: '/operator/login',
    who: anyone,
    form: z.object({ email: address, password: typed }),
    hashes: true,
    async handle({ parts, request, form: { email, password } }) {
      const operator = await findOperatorCredential(parts.database, email);
      const name = email.toLowerCase();
      const attempt = {
        communityId: 'hub',
        name,
        account: operator?.id ?? name,
        isNobody: operator === undefined,
        ip: request.ip,
      };
      const throttled = await parts.throttle.attempt(attempt);
      const again = {
        page: 'operator-login' as const,
        action: '/operator/login',
        csrf: request.csrf(),
        email,
      };
      const refuseUntil = ({ retryAfterSeconds }: { retryAfterSeconds: number }) => {
        request.ctx.set('Retry-After', String(retryAfterSeconds));
        const retryAfterMinutes = Math.ceil(retryAfterSeconds / 60);
        request.page({ ...again, fault: 'throttled', retryAfterMinutes }, { status: 429 });
      };
      if (!throttled.allowed) {
        paceRefusal(request.ctx, 'spared');
        return refuseUntil(throttled);
      }
      const proven = await provePassword(parts.database, request.passwords(), operator, password);
      if (proven === undefined || operator === undefined) {
        await parts.database.transaction((tx) =>
          recordEvents(tx, [{ type: 'operator.sign-in-failed', actor: 'anonymous' }]),
        );
        paceRefusal(request.ctx, 'worked');
        if ('besieged' in throttled) return refuseUntil(throttled.besieged);
        request.page({ ...again, fault: 'credentials' }, { status: 400 });
        return;
      }
      await parts.throttle.succeeded(attempt);
      const token = await parts.database.transaction(async (tx) => {
        await recordEvents(tx, [{ type: 'operator.signed-in', actor: `operator:${operator.id}` }]);
        return openOperatorSession(tx, operator.id);
      });
      request.ctx.cookies.set(OPERATOR_COOKIE, token, {
        httpOnly: true,
        sameSite: 'strict',
        path: '/operator',
        maxAge: OPERATOR_SESSION_SECONDS * 1000,
        overwrite: true,
      });
      request.redirect('/operator');
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
  ...KEPT_MAIL_ROUTES,
];

function setUpPath(token: string): string {
  return `/setup?token=${encodeURIComponent(token)}`;
}
