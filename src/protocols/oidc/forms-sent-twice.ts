import type { KoaContextWithOIDC } from 'oidc-provider';
import { doneStepOf, findDone, type Step } from '../../domain/done-steps/done-step.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import { browserKeyOf } from '../../platform/web/csrf.ts';
import { show } from './provider-pages.ts';
import { currentScope, currentUnit } from './request-scope.ts';

const HOUR_MS = 60 * 60_000;
/** The provider's own forms that end something: each carries a secret of its page, which is good for once. */
const FORMS = new Set(['end_session_confirm', 'code_verification']);

/**
 * The form of a sign-out and the one that lets a device in, sent twice: the same browser is led where the first
 * answer led.
 */
export function leadFormsOn(sealer: Sealer) {
  return async (ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    await next();
    if (ctx.method !== 'POST' || !FORMS.has(ctx.oidc?.route)) return;
    const step = stepOf(ctx);
    if (step === undefined) return;
    const unit = currentUnit();
    if (ctx.status === 303) {
      const { accountId: subject } = ctx.oidc.session ?? {};
      // Where nobody is signed out there is nothing to do twice.
      if (subject === undefined && ctx.oidc.route === 'end_session_confirm') return;
      const ledTo = ctx.response.get('location');
      unit.noteDoneStep(doneStepOf(sealer, step, { subject, ledTo }));
    } else if (ctx.status === 200 && ctx.oidc.deviceCode?.accountId !== undefined) {
      unit.noteDoneStep(doneStepOf(sealer, step, { subject: ctx.oidc.deviceCode.accountId }));
    } else if (ctx.status === 400 || ctx.oidc.route === 'code_verification') {
      await leadOn(ctx, sealer, step);
    }
  };
}

/** After another request stored the same first. @returns whether that is the answer */
export async function leadFormAfterOther(
  ctx: KoaContextWithOIDC,
  sealer: Sealer,
): Promise<boolean> {
  if (ctx.method !== 'POST' || !FORMS.has(ctx.oidc?.route)) return false;
  const step = stepOf(ctx);
  return step !== undefined && leadOn(ctx, sealer, step);
}

async function leadOn(ctx: KoaContextWithOIDC, sealer: Sealer, step: Step): Promise<boolean> {
  const done = await findDone({ database: currentUnit().database, sealer }, step);
  if (done === undefined) return false;
  ctx.remove('Set-Cookie');
  if (done.ledTo === undefined) {
    ctx.status = 200;
    show(ctx, { page: 'device-done' });
    return true;
  }
  giveCookiesOf(ctx, done.ledTo);
  ctx.status = 303;
  ctx.redirect(done.ledTo);
  return true;
}

/** The question that a device's code began is this browser's, which may never have seen the first answer. */
function giveCookiesOf(ctx: KoaContextWithOIDC, ledTo: string): void {
  const uid = /\/(?:login|access|consent)\/([\w-]+)$/.exec(ledTo)?.[1];
  if (ctx.oidc.route !== 'code_verification' || uid === undefined) return;
  const { provider } = ctx.oidc;
  const hour = { httpOnly: true, sameSite: 'lax', signed: true, maxAge: HOUR_MS } as const;
  const resume = new URL(ctx.oidc.urlFor('device_resume', { uid })).pathname;
  ctx.cookies.set(provider.cookieName('interaction'), uid, { ...hour, path: ledTo });
  ctx.cookies.set(provider.cookieName('resume'), uid, { ...hour, path: resume });
}

function stepOf(ctx: KoaContextWithOIDC): Step | undefined {
  const { community, issuer } = currentScope().context;
  // What was sent: the provider's parameters are the app's by now.
  const { xsrf, confirm } = (ctx.oidc.body ?? {}) as Record<string, unknown>;
  const browser = browserKeyOf(ctx);
  if (browser === undefined || typeof xsrf !== 'string' || xsrf === '') return undefined;
  // One page asks for the code, the next whether it is the right device.
  if (ctx.oidc.route === 'code_verification' && !confirm) return undefined;
  const name = `${issuer.url} ${ctx.oidc.route} ${xsrf}`;
  return { communityId: community.id, browser, name };
}
