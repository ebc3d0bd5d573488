import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { openDatabase } from '../src/platform/database/database.ts';
import { measureGrowth } from './abuse/growth.ts';
import { measureHalfOpen } from './abuse/half-open.ts';
import { measurePasswordWork } from './abuse/passwords.ts';
import { measureRefreshes } from './abuse/refreshes.ts';
import { measureUploads } from './abuse/uploads.ts';
import { makeHubTarget } from './hub-target.ts';

export const ABUSES = ['sockets', 'growth', 'uploads', 'refreshes', 'passwords'] as const;
export type Abuse = (typeof ABUSES)[number];

/** What those who mean ill, or do not know better, can take of a hub: connections, memory, the database. */
export async function measureAbuse(options: { parts: readonly Abuse[]; seconds: number }) {
  const hub = await makeHubTarget({
    communities: 2,
    members: 64,
    // Each visitor says where they are.
    env: { TROUSSEAU_TRUSTED_PROXIES: '127.0.0.0/8, ::1/128' },
    alsoSeed: async (database) => {
      await database.query(`UPDATE communities SET registration = 'open'`);
      await database.query(
        `WITH tv AS (INSERT INTO services (community_id, slug, recipe, name)
           SELECT id, 'tv', 'generic-oidc', 'Télé' FROM communities RETURNING community_id, id)
         INSERT INTO service_clients (community_id, service_id, client_id, issuer, redirect_uris, grant_types, token_endpoint_auth_method)
         SELECT tv.community_id, tv.id, 'tv', c.issuer, c.redirect_uris,
           '{authorization_code,refresh_token,urn:ietf:params:oauth:grant-type:device_code}', 'none'
         FROM tv JOIN service_clients c USING (community_id)`,
      );
    },
  });
  const process = await hub.start();
  const pid = process.child.pid as number;
  const database = await openDatabase({ url: hub.databaseUrl });
  const realm = hub.realms[0] as (typeof hub.realms)[0];
  const results: Partial<Record<Abuse, unknown>> = {};
  try {
    if (options.parts.includes('sockets')) {
      console.log('\nConnections that are held:');
      const after = options.seconds < 4 ? [5] : [5, 20, 45];
      const { port } = new URL(realm.issuer);
      const open = () => openConnections(Number(port));
      results.sockets = await measureHalfOpen(realm.issuer, {
        connections: 2_000,
        after,
        pid: open,
      });
    }
    if (options.parts.includes('growth')) {
      console.log('\nWhat strangers have the database keep:');
      results.growth = await measureGrowth(database, realm, { seconds: options.seconds });
    }
    if (options.parts.includes('refreshes')) {
      console.log('\nWhat refreshing leaves behind:');
      results.refreshes = await measureRefreshes(database, hub, { times: 300 });
    }
    if (options.parts.includes('uploads')) {
      console.log('\nPictures that are never finished:');
      const { usernames, password } = hub;
      const of = (count: number) => ({
        usernames: usernames.slice(0, count),
        password,
        uploads: 200,
        pid,
      });
      const one = await measureUploads(realm.issuer, of(1));
      await delay(2_000);
      results.uploads = { one, many: await measureUploads(realm.issuer, of(50)) };
    }
    if (options.parts.includes('passwords')) {
      console.log('\nWork on passwords, one community keeping another waiting:');
      results.passwords = await measurePasswordWork(hub, { posts: 60, signIns: 1_500 });
    }
  } finally {
    await database.close();
    await process.stop();
    await hub.remove();
  }
  return results;
}

/** How many connections a process holds at a port that it listens at; those that only the kernel still sees aside. */
async function openConnections(port: number): Promise<number> {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8')),
  );
  return tables
    .flatMap((table) => table.split('\n'))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state, , , , , , inode]) => {
      const listens = state === '0A';
      return local?.endsWith(wanted) === true && !listens && inode !== '0';
    }).length;
}
