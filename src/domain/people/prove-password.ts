import type { Queryable } from '../../platform/database/database.ts';
import type { PasswordChecks } from './passwords.ts';

/**
 * Checks a person's password; the first right one puts a hash of today's in the place of another system's or
 * of old parameters, unless the password was changed meanwhile. Without a person it takes the same time.
 * @returns the hash that stands for the password from now on; undefined when it is wrong
 */
export async function provePassword(
  db: Queryable,
  passwords: PasswordChecks,
  person: { personId: string; passwordHash: string | null } | undefined,
  password: string,
): Promise<string | undefined> {
  const { matches, needsRehash } = await passwords.check(person?.passwordHash, password);
  if (!matches || person?.passwordHash == null) return undefined;
  if (!needsRehash) return person.passwordHash;
  const today = await passwords.hash(password);
  const [renewed] = await db.query(
    'UPDATE persons SET password_hash = $3, updated_at = now() WHERE id = $1 AND password_hash = $2 RETURNING 1',
    [person.personId, person.passwordHash, today],
  );
  if (renewed !== undefined) return today;
  // Another sign-in was first, or the password was changed: what is there now decides.
  const [now] = await db.query<{ hash: string | null }>(
    'SELECT password_hash AS hash FROM persons WHERE id = $1',
    [person.personId],
  );
  const again = await passwords.check(now?.hash, password);
  return again.matches ? (now?.hash ?? undefined) : undefined;
}
