import { createFirstOperator, isSetupOpen } from '../../domain/operators/create-operator.ts';
import {
  closeOperatorSession,
  findOperatorBySession,
  findOperatorCredential,
  OPERATOR_SESSION_SECONDS,
  openOperatorSession,
} from '../../domain/operators/operator-session.ts';
import { newPasswordFault } from '../../domain/people/password-rule.ts';
import { provePassword } from '../../domain/people/prove-password.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import { isEmailAddress } from '../../platform/text/names.ts';
import type { EdgeView } from '../../platform/web/edge.ts';
import type { HubRequest } from '../routing/hub-routes.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { showKeptMail, showKeptMails } from './kept-mail-routes.ts';

const COOKIE = 'trousseau_operator';

type SetupFault = { field: 'email' | 'password' | 'token'; code: string };

/** `/setup` makes the first operator; `/operator` is the operators' console. False where neither is meant. */
export async function operatorRoutes(parts: WebParts, request: HubRequest): Promise<boolean> {
  const { ctx } = request;
  switch (`${ctx.method} ${ctx.path}`) {
    case 'GET /setup':
      await showSetup(parts, request);
      return true;
    case 'POST /setup':
      await submitSetup(parts, request);
      return true;
    case 'GET /operator':
      await withOperator(parts, request, () => showConsole(parts, request));
      return true;
    case 'GET /operator/login':
      request.page({ page: 'operator-login', action: '/operator/login', csrf: request.csrf() });
      return true;
    case 'GET /operator/mails':
      await withOperator(parts, request, () => showKeptMails(parts, request));
      return true;
    case 'POST /operator/login':
      await submitLogin(parts, request);
      return true;
    case 'POST /operator/logout':
      await submitLogout(parts, request);
      return true;
    default: {
      const mail = ctx.method === 'GET' && /^\/operator\/mails\/(\d{1,18})$/.exec(ctx.path)?.[1];
      if (!mail) return false;
      await withOperator(parts, request, (operator) =>
        showKeptMail(parts, request, mail, operator.id),
      );
      return true;
    }
  }
}

async function showSetup(parts: WebParts, request: HubRequest): Promise<void> {
  const token = typeof request.ctx.query.token === 'string' ? request.ctx.query.token : '';
  const faults: SetupFault[] = (await isSetupOpen(parts.database, token))
    ? []
    : [{ field: 'token', code: 'invalid' }];
  request.page(
    { page: 'setup', action: '/setup', csrf: request.csrf(), token, faults },
    faults.length > 0 ? 403 : 200,
  );
}

async function submitSetup(parts: WebParts, request: HubRequest): Promise<void> {
  const { token = '', email = '', password = '' } = await request.form();
  const faults: SetupFault[] = [];
  if (!isEmailAddress(email.trim())) faults.push({ field: 'email', code: 'invalid' });
  if (await isSetupOpen(parts.database, token)) {
    const words = [email, parts.config.url.hostname];
    const code = await newPasswordFault(password, { words });
    if (code !== undefined) faults.push({ field: 'password', code });
  } else {
    faults.unshift({ field: 'token', code: 'invalid' });
  }
  if (faults.length === 0) {
    const made = await createFirstOperator(parts.database, {
      token,
      email: email.trim(),
      password,
    });
    if (made) {
      request.page({ page: 'setup-done', operatorUrl: '/operator/login' });
      return;
    }
    faults.push({ field: 'token', code: 'invalid' });
  }
  request.page(
    { page: 'setup', action: '/setup', csrf: request.csrf(), token, email, faults },
    400,
  );
}

async function submitLogin(parts: WebParts, request: HubRequest): Promise<void> {
  const { email = '', password = '' } = await request.form();
  const operator = await findOperatorCredential(parts.database, email.trim());
  const { ip } = request.ctx.state.edge as EdgeView;
  const name = email.trim().toLowerCase();
  const attempt = { communityId: 'hub', name, account: operator?.id ?? name, ip };
  const throttled = await parts.throttle.attempt(attempt);
  const again = {
    page: 'operator-login' as const,
    action: '/operator/login',
    csrf: request.csrf(),
    email,
  };
  if (!throttled.allowed) {
    request.ctx.set('Retry-After', String(throttled.retryAfterSeconds));
    request.page(
      {
        ...again,
        fault: 'throttled',
        retryAfterMinutes: Math.ceil(throttled.retryAfterSeconds / 60),
      },
      429,
    );
    return;
  }
  const proven = await provePassword(parts.database, operator, password);
  if (proven === undefined || operator === undefined) {
    await parts.database.transaction((tx) =>
      recordEvents(tx, [{ type: 'operator.sign-in-failed', actor: 'anonymous' }]),
    );
    request.page({ ...again, fault: 'credentials' }, 400);
    return;
  }
  await parts.throttle.succeeded(attempt);
  const token = await parts.database.transaction(async (tx) => {
    await recordEvents(tx, [{ type: 'operator.signed-in', actor: `operator:${operator.id}` }]);
    return openOperatorSession(tx, operator.id);
  });
  request.ctx.cookies.set(COOKIE, token, {
    httpOnly: true,
    sameSite: 'strict',
    path: '/operator',
    maxAge: OPERATOR_SESSION_SECONDS * 1000,
    overwrite: true,
  });
  request.redirect('/operator');
}

async function submitLogout(parts: WebParts, request: HubRequest): Promise<void> {
  await request.form();
  const token = request.ctx.cookies.get(COOKIE);
  if (token !== undefined) await closeOperatorSession(parts.database, token);
  request.ctx.cookies.set(COOKIE, null, { path: '/operator' });
  request.redirect('/operator/login');
}

/** Shows a page of the console to an operator who is signed in; anybody else is sent to do so. */
async function withOperator(
  parts: WebParts,
  request: HubRequest,
  show: (operator: { id: string }) => Promise<void>,
): Promise<void> {
  const token = request.ctx.cookies.get(COOKIE);
  const operator =
    token === undefined ? undefined : await findOperatorBySession(parts.database, token);
  if (operator === undefined) request.redirect('/operator/login');
  else await show(operator);
}

async function showConsole(parts: WebParts, request: HubRequest): Promise<void> {
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
}
