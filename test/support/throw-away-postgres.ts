import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { openEmbeddedServer } from '../../src/platform/database/embedded/open-embedded-server.ts';
import { scratchFolder } from './scratch-folder.ts';

const REMOVE = { recursive: true, force: true };

export type ThrowAwayPostgres = {
  /** A superuser, on the database `postgres`. */
  url: string;
  /** Stops it and removes all it left on the disk. */
  remove(): Promise<void>;
};

/** A PostgreSQL for tests: fast, forgetful, with room for many connections. */
export async function startThrowAwayPostgres(): Promise<ThrowAwayPostgres> {
  const folder = await mkdtemp(join(await scratchFolder(), 'trousseau-test-'));
  const settings = {
    max_connections: '300',
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    // Little is kept of what is never read again.
    wal_level: 'minimal',
    max_wal_senders: '0',
    max_wal_size: '256MB',
    // Each file's database lives for seconds: what is to be gathered of it, its tests ask for.
    autovacuum: 'off',
  };
  const log = { info: () => {}, warn: (message: string) => console.warn(message) };
  const server = await openEmbeddedServer(folder, { purpose: 'hub', log, settings });
  // As root, the cluster may have had to be elsewhere.
  const folders = new Set([server.site.base, folder]);
  // A run that is cut short (Ctrl-C) ends PostgreSQL as it exits, and must not leave its files.
  const removeAtOnce = () => {
    for (const path of folders) rmSync(path, { ...REMOVE, maxRetries: 10 });
  };
  process.on('exit', removeAtOnce);
  await makeSignInCheap(server.superuserUrl);
  return {
    url: server.superuserUrl,
    async remove() {
      await server.close();
      for (const path of folders) await rm(path, REMOVE);
      process.off('exit', removeAtOnce);
    },
  };
}

/** Tests open thousands of connections; the proof of a password takes either side longer than most statements. */
async function makeSignInCheap(superuserUrl: string): Promise<void> {
  const client = new pg.Client(superuserUrl);
  await client.connect();
  await client.query('SET scram_iterations = 1');
  const { username, password } = new URL(superuserUrl);
  const [role, secret] = [username, password].map(decodeURIComponent) as [string, string];
  await client.query(
    `ALTER ROLE ${client.escapeIdentifier(role)} PASSWORD ${client.escapeLiteral(secret)}`,
  );
  await client.end();
}
