import { afterEach } from 'vitest';
import type { LdapServerOptions } from '../../../src/protocols/ldap/connection/ldap-server.ts';
import type { LdapLimits } from '../../../src/protocols/ldap/connection/limits.ts';
import { encodeSearch } from './encode-request.ts';
import type { LdapClient } from './ldap-client.ts';
import { aboutMe, startTestServer, type TestServer } from './test-server.ts';

/** For a file's tests: starts servers with limits of their own, each of which ends with its test. */
export function useLimitedServer() {
  let server: TestServer | undefined;
  afterEach(async () => {
    await server?.stop();
    server = undefined;
  });
  return async (
    limits: Partial<LdapLimits>,
    options: Partial<LdapServerOptions<{ name: string }>> = {},
  ): Promise<TestServer> => {
    server = await startTestServer({ ...options, limits: { stopping: 200, ...limits } });
    return server;
  };
}

export const isServed = async (client: LdapClient) => (await aboutMe(client)).ip !== '';

/** A search whose message is about so many bytes long. */
export const searchOf = (bytes: number) => encodeSearch(900, 'now', `(cn=${'x'.repeat(bytes)})`);
