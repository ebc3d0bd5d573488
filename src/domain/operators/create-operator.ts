import type { Database, Queryable, Transaction } from '../../platform/database/database.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import { newToken, tokenHashHex } from '../../platform/secrets/token-hash.ts';
import { hashPassword } from '../people/password.ts';

/** Each process that starts prints a link of its own; this many of the latest ones work. */
const OPEN_LINKS = 16;

/**
 * A fresh token for `/setup`, as long as the hub has no operator; undefined from then on. The tokens
 * that other processes were given go on working, until the first of them is used.
 */
export async function ensureSetupToken(tx: Transaction): Promise<string | undefined> {
  if (await hasOperator(tx)) {
    await tx.query(`DELETE FROM hub_settings WHERE key = 'setup'`);
    return undefined;
  }
  const token = newToken();
  await tx.query(
    `INSERT INTO hub_settings AS s (key, value)
     VALUES ('setup', jsonb_build_object('hashes', jsonb_build_array($1::text)))
     ON CONFLICT (key) DO UPDATE SET updated_at = now(), value = jsonb_build_object('hashes', (
       SELECT jsonb_agg(hash ORDER BY n) FROM jsonb_array_elements(
         (EXCLUDED.value -> 'hashes') || (s.value -> 'hashes')) WITH ORDINALITY AS h (hash, n)
       WHERE n <= $2))`,
    [digest(token), OPEN_LINKS],
  );
  return token;
}

/** Whether the token opens `/setup` now. */
export async function isSetupOpen(db: Queryable, token: string): Promise<boolean> {
  const [row] = await db.query(
    `SELECT 1 FROM hub_settings WHERE key = 'setup' AND value -> 'hashes' ? $1
       AND NOT EXISTS (SELECT FROM operators)`,
    [digest(token)],
  );
  return row !== undefined;
}

/**
 * Makes the hub's first operator and closes `/setup`, whatever the number of requests at once.
 * @param hash makes the password's hash
 * @param also what is kept of it besides, for a form that may be sent twice
 * @returns the operator's id; undefined when the token does not open `/setup` (any more)
 */
export async function createFirstOperator(
  database: Database,
  operator: { token: string; email: string; password: string },
  hash = hashPassword,
  also: (tx: Transaction) => Promise<unknown> = async () => undefined,
): Promise<string | undefined> {
  if (!(await isSetupOpen(database, operator.token))) return undefined;
  // Slow on purpose, so it is done before the row is locked.
  const passwordHash = await hash(operator.password);
  return database.transaction(async (tx) => {
    // Whoever comes second waits here for the first, and then finds the row gone.
    const [opened] = await tx.query(
      `DELETE FROM hub_settings WHERE key = 'setup' AND value -> 'hashes' ? $1 RETURNING key`,
      [digest(operator.token)],
    );
    if (opened === undefined || (await hasOperator(tx))) return undefined;
    const id = await insertOperator(tx, operator.email, passwordHash);
    await recordEvents(tx, [
      { type: 'operator.created', actor: `operator:${id}`, details: { email: operator.email } },
    ]);
    await also(tx);
    return id;
  });
}

/** Each operator is a person of their own: an address never links to an existing one. */
export async function insertOperator(
  tx: Transaction,
  email: string,
  passwordHash: string,
): Promise<string> {
  const [row] = await tx.query<{ id: string }>(
    `WITH person AS (
       INSERT INTO persons (password_hash, password_changed_at) VALUES ($2, now()) RETURNING id)
     INSERT INTO operators (person_id, email) SELECT id, $1 FROM person RETURNING id`,
    [email, passwordHash],
  );
  if (row === undefined) throw new Error('the operator was not stored');
  return row.id;
}

async function hasOperator(db: Queryable): Promise<boolean> {
  const [row] = await db.query('SELECT 1 FROM operators LIMIT 1');
  return row !== undefined;
}

function digest(token: string): string {
  return tokenHashHex(token);
}
