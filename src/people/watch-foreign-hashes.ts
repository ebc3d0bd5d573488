import type { Database } from '../database/database.ts';
import { holdRefusalsTo } from './password.ts';

/** More than the dearest hash that is taken costs on a slow machine. */
const FLOOR_MS = 700;
const EVERY_MS = 60_000;

/** Whether any account has a hash that is not Argon2's; there is an index of those alone. */
export async function hasForeignHashes({ query }: Pick<Database, 'query'>): Promise<boolean> {
  const rows = await query(`SELECT 1 FROM persons WHERE password_hash NOT LIKE '$argon2%' LIMIT 1`);
  return rows.length > 0;
}

/** Looks now and then whether refusals must take as long as hashes of other systems do. */
export async function watchForeignHashes(
  database: Pick<Database, 'query'>,
): Promise<{ stop(): void }> {
  const look = async () => holdRefusalsTo((await hasForeignHashes(database)) ? FLOOR_MS : 0);
  await look();
  // While the database is away, what was known goes on.
  const timer = setInterval(() => void look().catch(() => {}), EVERY_MS).unref();
  return { stop: () => clearInterval(timer) };
}
