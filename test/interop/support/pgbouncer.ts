import { chown, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../support/free-port.ts';
import { startProgram } from './programs.ts';
import { makeWorkFolder } from './work-folder.ts';

export type PgBouncer = {
  /** The database that was named, through the pooler. */
  url: string;
  stop(): Promise<void>;
};

/**
 * Debian's PgBouncer in front of one database; where it keeps no sessions it has few of its own, so that
 * one transaction soon runs in another's.
 * @param url of the database, with a role that may log in
 */
export async function startPgBouncer(
  url: string,
  mode: 'session' | 'transaction',
): Promise<PgBouncer> {
  const folder = await makeWorkFolder('pgbouncer');
  const target = new URL(url);
  const host = target.searchParams.get('host') ?? target.hostname;
  const name = target.pathname.slice(1);
  const password = decodeURIComponent(target.password);
  const port = await freePort();
  const settings = join(folder.path, 'pgbouncer.ini');
  await writeFile(
    settings,
    `[databases]
${name} = host=${host} port=${target.port} user=${target.username} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
default_pool_size = ${mode === 'session' ? 60 : 6}
`,
  );
  // It refuses to be root, and the socket of a PostgreSQL of ours is its own user's alone.
  const owner = host.startsWith('/') && process.getuid?.() === 0 ? await stat(host) : undefined;
  if (owner !== undefined) await chown(settings, owner.uid, owner.gid);
  const program = await startProgram('/usr/sbin/pgbouncer', [settings], {
    port,
    cwd: '/',
    user: owner,
  });
  return {
    url: `postgres://anybody@127.0.0.1:${port}/${name}`,
    stop: () => program.stop().then(folder.remove),
  };
}
