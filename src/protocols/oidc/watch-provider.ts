import type { EventEmitter } from 'node:events';
import type Provider from 'oidc-provider';
import type { Logger } from 'pino';
import type { Community } from '../../domain/communities/community.ts';
import { isVisitorGone } from '../../platform/web/visitor-gone.ts';
import { DatabaseAwayError } from './protocol-database.ts';

const AWAY = 'refused: the database is away';

/** What an operator needs in the log of a provider's refusals and faults; never a token or a code. */
export function watchProvider(provider: Provider, community: Community, log: Logger): void {
  const refused = (endpoint: string) => (ctx: Refused, error: Error) => {
    if (error instanceof DatabaseAwayError) {
      log.error({ community: community.slug, endpoint, err: error.driverError }, AWAY);
      return;
    }
    const { message, error_description, error_detail } = error as Error &
      Record<string, string | undefined>;
    log.info(
      {
        community: community.slug,
        endpoint,
        // What was typed in place of an id may be a secret: it is only said that it is unknown.
        client: ctx.oidc?.client?.clientId ?? unknown(ctx.oidc?.params?.client_id),
        redirectUri:
          endpoint === 'authorization' ? originOf(ctx.oidc?.params?.redirect_uri) : undefined,
        error: message,
        error_description,
        error_detail,
      },
      'refused',
    );
  };
  provider.on('authorization.error', refused('authorization'));
  provider.on('grant.error', refused('token'));
  provider.on('userinfo.error', refused('userinfo'));
  provider.on('introspection.error', refused('introspection'));
  provider.on('revocation.error', refused('revocation'));
  provider.on('end_session.error', refused('end_session'));
  provider.on('pushed_authorization_request.error', refused('pushed_authorization_request'));
  provider.on('server_error', (_ctx: unknown, error: Error) =>
    log.error({ community: community.slug, err: error }, 'the provider failed'),
  );
  // Koa's own event, of which the provider's types do not know.
  (provider as EventEmitter).on('error', (error: Error) => {
    if (isVisitorGone(error)) log.debug({ reason: error.message }, 'the visitor went away');
    else log.error({ community: community.slug, err: error }, 'the provider failed');
  });
}

type Refused = {
  oidc?: {
    client?: { clientId: string };
    params?: { client_id?: unknown; redirect_uri?: unknown };
  };
};

function unknown(clientId: unknown): string | undefined {
  return typeof clientId === 'string' ? `unknown (${clientId.length} characters)` : undefined;
}

/** Paths and queries may hold anything. */
function originOf(uri: unknown): string | undefined {
  if (typeof uri !== 'string') return undefined;
  const url = URL.parse(uri);
  if (url === null) return `no address (${uri.length} characters)`;
  return (url.origin === 'null' ? url.protocol : url.origin).slice(0, 200);
}
