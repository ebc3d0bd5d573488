import { Pool } from 'undici';
import { cleanUpExpired } from '../src/domain/retention/expiry-cleanup.ts';
import { type Database, openDatabase } from '../src/platform/database/database.ts';
import { makeHubTarget } from './hub-target.ts';
import type { Target } from './target.ts';
import { openRealm, User } from './user.ts';

/** What 10,000 members with two apps do in a month: each app refreshes its token every hour, day and night. */
const MEMBERS = 10_000;
const MONTH = { signIn: 4, open: 2 * 20, refresh: 2 * 720 };
type Act = keyof typeof MONTH;

const DAY = 86_400_000;
const RETENTION = { events: 365, keptMails: 30, failed: 90 };
const DAYS = [0, 1, 31, 366];

type Kept = Map<string, { rows: number; bytes: number }>;

/**
 * What signing in, opening an app and refreshing leave in the database: rows written by a real hub, and what the
 * clean-up leaves of them after days, for the months of a whole hub.
 */
export async function measureRetention({ people, times }: { people: number; times: number }) {
  const hub = await makeHubTarget({ communities: 1, members: people });
  const process = await hub.start();
  const database = await openDatabase({ url: hub.databaseUrl });
  const results: Record<string, unknown>[] = [];
  try {
    const users = await signedIn(hub, people);
    const acts: Record<Act, (user: User, name: string) => Promise<void>> = {
      signIn: (user, name) => user.signIn(name, hub.password),
      open: (user) => user.sso(),
      refresh: (user) => user.refresh(),
    };
    for (const [act, run] of Object.entries(acts) as [Act, (typeof acts)[Act]][]) {
      const before = await kept(database);
      for (let n = 0; n < times; n += 1) for (const [name, user] of users) await run(user, name);
      const after = await kept(database);
      const scale = (MEMBERS * MONTH[act]) / (people * times);
      report(act, before, after, scale, results);
    }
    await process.stop();
    console.log(`  left of it by the clean-up, whose rows are of ${people} members:`);
    for (const days of DAYS) {
      await cleanUpExpired(database, RETENTION, { now: new Date(Date.now() + days * DAY) });
      const left = [...(await kept(database))].map(([table, { rows }]) => `${table} ${rows}`);
      console.log(`    after ${days} days: ${left.join(', ')}`);
      results.push({ days, left });
    }
  } finally {
    await database.close();
    if (process.child.connected) await process.stop();
    await hub.remove();
  }
  return results;
}

async function signedIn(hub: Target, people: number): Promise<Map<string, User>> {
  const realm = hub.realms[0] as Target['realms'][0];
  const http = new Pool(new URL(realm.issuer).origin);
  const opened = await openRealm(http, realm);
  const users = new Map<string, User>();
  for (let n = 1; n <= people; n += 1) {
    const user = new User(http, opened);
    await user.signIn(`membre${n}`, hub.password);
    users.set(`membre${n}`, user);
  }
  return users;
}

const GROWING = ['sessions', 'oidc_artifacts', 'events', 'outbox', 'throttles', 'kept_mails'];

/** Sizes with their indexes, of tables without holes. */
async function kept(db: Database): Promise<Kept> {
  const found: Kept = new Map();
  for (const table of GROWING) {
    await db.query(`VACUUM FULL ${table}`);
    const [row] = await db.query<{ rows: number; bytes: number }>(
      `SELECT count(*)::int AS rows, pg_total_relation_size('${table}')::float8 AS bytes FROM ${table}`,
    );
    if (row !== undefined) found.set(table, row);
  }
  return found;
}

function report(act: Act, before: Kept, after: Kept, scale: number, results: unknown[]): void {
  for (const [table, { rows, bytes }] of after) {
    const had = before.get(table) ?? { rows: 0, bytes: 0 };
    if (rows <= had.rows) continue;
    const month = {
      rows: (rows - had.rows) * scale,
      bytes: Math.max(0, bytes - had.bytes) * scale,
    };
    console.log(
      `  ${act}: ${table} ${rows - had.rows} rows more; a month ${Math.round(month.rows)} rows, ${(month.bytes / 1e6).toFixed(0)} MB`,
    );
    results.push({ act, table, ...month });
  }
}
