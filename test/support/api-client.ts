import type { Scope } from '../../src/domain/api-tokens/api-token.ts';
import { createApiToken, type TokenMaker } from '../../src/domain/api-tokens/create-api-token.ts';
import type { Database } from '../../src/platform/database/database.ts';

type Where = { database: Database; url: string };

/** A token of a community, or of the hub where none is given. */
export async function newToken(
  { database }: Where,
  community: { id: string } | undefined,
  scopes: readonly Scope[],
  by: TokenMaker = 'cli',
): Promise<{ id: string; token: string }> {
  const values = { name: 'Programme', scopes, days: 30 };
  return database.transaction((tx) => createApiToken(tx, community?.id, values, by));
}

export type ApiReply = {
  status: number;
  headers: Headers;
  etag: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of it
  body: any;
};

type Call = { body?: unknown; headers?: Record<string, string> };

/** A program that asks the API by a token. */
export function apiClient({ url }: Pick<Where, 'url'>, token: string | undefined) {
  const call = async (method: string, path: string, asked: Call = {}): Promise<ApiReply> => {
    const { body, headers } = asked;
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      etag: response.headers.get('etag') ?? '',
      body: text === '' ? undefined : JSON.parse(text),
    };
  };
  return {
    call,
    get: (path: string, headers?: Record<string, string>) =>
      call('GET', path, { ...(headers && { headers }) }),
    post: (path: string, body?: unknown, headers?: Record<string, string>) =>
      call('POST', path, { body, ...(headers && { headers }) }),
    patch: (path: string, body: unknown, etag: string) =>
      call('PATCH', path, { body, headers: { 'if-match': etag } }),
    delete: (path: string, etag: string) => call('DELETE', path, { headers: { 'if-match': etag } }),
  };
}
