import type { ApiToken, Scope } from '../domain/api-tokens/api-token.ts';
import type { Database } from '../platform/database/database.ts';
import { isUuid } from '../platform/text/uuid.ts';
import { CommandError } from './command-error.ts';
import { type JsonOption, type Outcome, table } from './output.ts';
import { withHub } from './with-hub.ts';

export type TokenOptions = JsonOption & { name: string; scope: Scope[]; days: number };

export function createToken(slug: string | undefined, options: TokenOptions): Promise<Outcome> {
  return withHub(async ({ config, database }) => {
    const changes = await import('../domain/api-tokens/create-api-token.ts');
    const communityId = await idOf(database, slug);
    const { name, scope: scopes, days } = options;
    const { id, token, expiresAt } = await database.transaction((tx) =>
      changes.createApiToken(tx, communityId, { name, scopes, days }, 'cli'),
    );
    const text = [
      `This token opens ${config.url.origin}/api/v1 for ${slug ?? 'the hub'} (${scopes.join(', ')}), until ${day(expiresAt)}.`,
      'It is shown once: keep it where secrets are kept.',
      token,
    ].join('\n');
    return { text, value: { id, token, community: slug ?? null, name, scopes, expiresAt } };
  });
}

export function listTokens(slug: string | undefined): Promise<Outcome> {
  return withHub(async ({ database }) => {
    const { listApiTokens } = await import('../domain/api-tokens/api-token-store.ts');
    const tokens = await listApiTokens(database, await idOf(database, slug));
    const header = ['ID', 'NAME', 'SCOPES', 'UNTIL', 'LAST USED', 'STATE'];
    const text =
      tokens.length === 0 ? `${slug ?? 'The hub'} has no tokens.` : table(header, tokens.map(row));
    return { text, value: tokens };
  });
}

export function revokeToken(slug: string | undefined, id: string): Promise<Outcome> {
  return withHub(async ({ database }) => {
    const { findApiToken } = await import('../domain/api-tokens/api-token-store.ts');
    const { revokeApiToken } = await import('../domain/api-tokens/revoke-api-token.ts');
    const communityId = await idOf(database, slug);
    const token = isUuid(id) ? await findApiToken(database, communityId, id) : undefined;
    if (token === undefined)
      throw new CommandError(`there is no token ${id} of ${slug ?? 'the hub'}`);
    const changed = await database.transaction((tx) => revokeApiToken(tx, communityId, id, 'cli'));
    const text = changed
      ? `The token "${token.name}" opens nothing any more.`
      : `The token "${token.name}" was revoked already; nothing was changed.`;
    return { text, value: { id, changed } };
  });
}

async function idOf(database: Database, slug: string | undefined): Promise<string | undefined> {
  if (slug === undefined) return undefined;
  const { requireCommunity } = await import('./resolve.ts');
  return (await requireCommunity(database, slug)).id;
}

function row({ id, name, scopes, expiresAt, lastUsedAt, state }: ApiToken): string[] {
  return [id, name, scopes.join(' '), day(expiresAt), lastUsedAt ? day(lastUsedAt) : '-', state];
}

function day(time: Date): string {
  return time.toISOString().slice(0, 10);
}
