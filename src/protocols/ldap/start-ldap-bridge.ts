import type { Logger } from 'pino';
import type { Passwords } from '../../domain/people/passwords.ts';
import type { Config, ListenAddress } from '../../platform/config/config.ts';
import type { ChangeFeed } from '../../platform/database/change-feed.ts';
import type { Database } from '../../platform/database/database.ts';
import type { RefusalPace } from '../../platform/throttles/refusal-pace.ts';
import type { SignInThrottle } from '../../platform/throttles/sign-in-throttle.ts';
import { startLdapServer } from './connection/ldap-server.ts';
import { createDirectories } from './directory/directories.ts';
import { createNamingContexts } from './directory/naming-contexts.ts';
import { createBindMemory } from './operations/check-bind.ts';
import { createLdapHandler } from './operations/ldap-handler.ts';

export type LdapBridge = {
  /** Where it listens; undefined for a listener that is off. */
  address: ListenAddress | undefined;
  ldapsAddress: ListenAddress | undefined;
  /** Resolves when every announcement heard so far has been taken in. */
  caughtUp(): Promise<void>;
  stop(): Promise<void>;
};

/** Serves LDAP at the configured addresses. */
export async function startLdapBridge(parts: {
  config: Config;
  database: Database;
  feed: ChangeFeed;
  throttle: SignInThrottle;
  passwords: Passwords;
  pace: RefusalPace;
  log: Logger;
}): Promise<LdapBridge> {
  const { config, database, feed, throttle, passwords, pace, log } = parts;
  const onError = (error: unknown) =>
    log.warn({ err: error }, 'the directory could not be read; asking again');
  const contexts = createNamingContexts({ database, feed, onError });
  const directories = createDirectories({ database, feed, onError });
  await contexts.follower.becomeCurrent();
  const { listen, ldapsListen, tls, tlsFolder } = config.ldap;
  const handler = createLdapHandler({
    tree: { contexts, directories },
    database,
    hubUrl: config.url,
    throttle,
    passwords,
    pace,
    log,
    memory: createBindMemory(),
    async settle() {
      await feed.settle();
      await directories.caughtUp();
    },
    startTls: tls !== undefined,
  });
  const server = await startLdapServer({
    handler,
    listen,
    ldapsListen,
    tls,
    tlsFolder,
    proxyProtocolFrom: config.ldap.proxyProtocol ? config.trustedProxies : [],
    log,
  });
  return {
    address: server.address,
    ldapsAddress: server.ldapsAddress,
    async caughtUp() {
      await contexts.follower.caughtUp();
      await directories.caughtUp();
    },
    async stop() {
      await server.stop();
      contexts.follower.stop();
      directories.stop();
    },
  };
}
