import Provider, { type KoaContextWithOIDC } from 'oidc-provider';
import { serviceOfClient } from './clients.ts';
import { currentScope } from './request-scope.ts';

type ResponseMode = Parameters<Provider['registerResponseMode']>;

/**
 * oidc-provider, with `form_post` answered by a page of the community. The first to register a
 * response mode has it, and the provider registers its own while it is constructed: this is the one
 * moment at which another can take its place.
 */
export class ProviderWithOwnPages extends Provider {
  override registerResponseMode(name: ResponseMode[0], handler: ResponseMode[1]): void {
    super.registerResponseMode(name, name === 'form_post' ? answerByForm : handler);
  }
}

/** OAuth 2.0 Form Post Response Mode: codes and errors alike go to the app in the body of a form. */
function answerByForm(
  ctx: KoaContextWithOIDC,
  redirectUri: string,
  payload: Record<string, unknown>,
): void {
  ctx.status = 200;
  showForm(ctx, redirectUri, payload);
}

/**
 * Puts our page in the place of each form that the provider sends on by itself: at sign-out where
 * nobody is signed in, for a device's code that came with the address, and where somebody else signs
 * in than before.
 */
export async function showOwnForms(
  ctx: KoaContextWithOIDC,
  next: () => Promise<void>,
): Promise<void> {
  await next();
  const form = ctx.status === 200 ? selfSentForm(ctx) : undefined;
  if (form !== undefined) showForm(ctx, ctx.oidc.urlFor(form.endpoint), form.fields);
}

type SelfSentForm = { endpoint: string; fields: Record<string, unknown> };

function selfSentForm(ctx: KoaContextWithOIDC): SelfSentForm | undefined {
  const { route, session, params } = ctx.oidc ?? {};
  const xsrf = (session?.state as { secret?: string } | undefined)?.secret;
  if (xsrf === undefined) return undefined;
  const nobodyToSignOut = route === 'end_session' && session?.accountId === undefined;
  if (nobodyToSignOut || signsInAnother(ctx))
    return { endpoint: 'end_session_confirm', fields: { xsrf, logout: 'yes' } };
  const userCode = params?.user_code;
  if (route === 'code_verification' && ctx.method !== 'POST' && userCode !== undefined)
    return { endpoint: 'code_verification', fields: { xsrf, user_code: userCode } };
  return undefined;
}

/** The sign-in just made is of another member than the session's, which is ended first. */
function signsInAnother(ctx: KoaContextWithOIDC): boolean {
  const { entities, session } = ctx.oidc;
  const accountId = entities.Interaction?.result?.login?.accountId;
  return (
    accountId !== undefined && session?.accountId !== undefined && accountId !== session.accountId
  );
}

function showForm(ctx: KoaContextWithOIDC, action: string, fields: Record<string, unknown>): void {
  const { context } = currentScope();
  const { client, params } = ctx.oidc;
  const service = serviceOfClient(context.community, client?.clientId ?? '');
  const uiLocales = params?.ui_locales;
  context.allowFormsToLeave();
  ctx.type = 'html';
  ctx.body = context.render(
    {
      page: 'submit',
      action,
      fields: Object.entries(fields).map(([name, value]) => ({ name, value: String(value) })),
      service: service && { name: service.name },
    },
    typeof uiLocales === 'string' ? uiLocales : undefined,
  );
}
