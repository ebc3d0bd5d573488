import { Pool } from 'undici';
import type { Queryable } from '../../src/platform/database/database.ts';
import type { Target } from '../target.ts';
import { openRealm, User } from '../user.ts';

const KEPT = `SELECT kind, count(*)::int AS rows, coalesce(sum(pg_column_size(a.*)), 0)::float8 AS bytes
  FROM oidc_artifacts a GROUP BY kind ORDER BY kind`;

/** One member refreshes an app's token again and again: what is kept of that, by kind. */
export async function measureRefreshes(
  db: Queryable,
  target: Target,
  { times }: { times: number },
) {
  const realm = target.realms[0] as Target['realms'][0];
  const http = new Pool(new URL(realm.issuer).origin);
  const user = new User(http, await openRealm(http, realm));
  await user.signIn(target.usernames[0] as string, target.password);
  const before = await db.query<{ kind: string; rows: number }>(KEPT);
  for (let n = 0; n < times; n += 1) await user.refresh();
  await http.close();
  const after = await db.query<{ kind: string; rows: number; bytes: number }>(KEPT);
  for (const { kind, rows, bytes } of after) {
    const had = before.find((row) => row.kind === kind)?.rows ?? 0;
    console.log(
      `  ${kind}: ${had} rows before, ${rows} after ${times} refreshes (${(bytes / rows).toFixed(0)} bytes a row)`,
    );
  }
  return { before, after };
}
