import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedServer } from './open-embedded-server.ts';

export type ThrowAwayPostgres = {
  /** A superuser, on the database `postgres`. */
  url: string;
  /** Stops it and removes all it left on the disk. */
  remove(): Promise<void>;
};

/** A PostgreSQL for tests: fast, forgetful, with room for many connections. */
export async function startThrowAwayPostgres(): Promise<ThrowAwayPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'trousseau-test-'));
  const settings = {
    max_connections: '300',
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
  };
  const log = { info: () => {}, warn: (message: string) => console.warn(message) };
  const server = await openEmbeddedServer(folder, { purpose: 'hub', log, settings });
  return {
    url: server.superuserUrl,
    async remove() {
      await server.close();
      // As root, the cluster may have had to be elsewhere.
      await rm(server.site.base, { recursive: true, force: true });
      await rm(folder, { recursive: true, force: true });
    },
  };
}
