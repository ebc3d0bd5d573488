import { hash, randomInt } from 'node:crypto';
import type { Queryable, Transaction } from '../../platform/database/database.ts';
import { normalForm } from '../../platform/text/normal-form.ts';

/** Letters and digits that are told apart when read aloud or copied by hand: 5 bits each. */
const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';
const GROUPS = 3;
const GROUP_LENGTH = 5;
/** Of codes that are shown until a sign-in on its way, known by its hash, goes on. */
export const shownCodesContext = (pending: string) => `shown-codes:${pending}`;

const SHAPE = new RegExp(`^[${ALPHABET}]{${GROUPS * GROUP_LENGTH}}$`);

export const RECOVERY_CODES = 10;
/** From here on the person is told to make new ones. */
export const FEW_CODES = 3;

/**
 * Makes ten codes of 75 random bits, in the place of those there were.
 * @returns the codes, `xxxxx-xxxxx-xxxxx`: the one time that they can be read
 */
export async function makeRecoveryCodes(tx: Transaction, personId: string): Promise<string[]> {
  const codes = Array.from({ length: RECOVERY_CODES }, newCode);
  await tx.query('DELETE FROM recovery_codes WHERE person_id = $1', [personId]);
  await tx.query(
    'INSERT INTO recovery_codes (person_id, code_hash) SELECT $1, unnest($2::bytea[])',
    [personId, codes.map(hashOf)],
  );
  await tx.query('UPDATE persons SET recovery_codes_made_at = now() WHERE id = $1', [personId]);
  return codes;
}

/**
 * Uses a code up; however it was typed (capitals, spaces, other dashes or none), it is the same one.
 * @returns how many are left; undefined for a code that is not right, or was used
 */
export async function spendRecoveryCode(
  db: Queryable,
  personId: string,
  typed: string,
  usedFor?: Buffer,
): Promise<number | undefined> {
  const hashed = hashOf(typed);
  if (hashed === undefined) return undefined;
  const used = await db.query(
    `UPDATE recovery_codes SET used_at = now(), used_for = $3
     WHERE person_id = $1 AND code_hash = $2 AND used_at IS NULL RETURNING 1`,
    [personId, hashed, usedFor ?? null],
  );
  if (used.length === 0) return undefined;
  const [row] = await db.query<{ left: number }>(
    `SELECT count(*)::int AS left FROM recovery_codes WHERE person_id = $1 AND used_at IS NULL`,
    [personId],
  );
  return row?.left ?? 0;
}

/** Whether a code was used up by the sign-in on its way that it is sent for once more. */
export async function wasSpentFor(
  db: Queryable,
  personId: string,
  typed: string,
  usedFor: Buffer,
): Promise<boolean> {
  const spent = await db.query(
    'SELECT 1 FROM recovery_codes WHERE person_id = $1 AND code_hash = $2 AND used_for = $3',
    [personId, hashOf(typed) ?? null, usedFor],
  );
  return spent.length > 0;
}

/** Whether codes that were made are the person's still, and no others stand in their place. */
export async function areCodesOf(
  db: Queryable,
  personId: string,
  codes: readonly string[],
): Promise<boolean> {
  const found = await db.query(
    'SELECT 1 FROM recovery_codes WHERE person_id = $1 AND code_hash = ANY($2::bytea[]) LIMIT 1',
    [personId, codes.map(hashOf)],
  );
  return found.length > 0;
}

/** Codes stand in for a second factor: with the last one, the codes of a person go. */
export async function forgetCodesOfNobody(tx: Transaction, personId: string): Promise<void> {
  await tx.query('DELETE FROM recovery_codes WHERE person_id = $1 AND NOT has_second_factor($1)', [
    personId,
  ]);
}

/** Codes of a form of ours, to be handed out as a file; anything else is left out. */
export function shownCodes(text: string): string[] {
  return text
    .slice(0, 1000)
    .split(/\s+/)
    .filter((code) => hashOf(code) !== undefined)
    .slice(0, RECOVERY_CODES);
}

function newCode(): string {
  const letter = () => ALPHABET[randomInt(ALPHABET.length)];
  const group = () => Array.from({ length: GROUP_LENGTH }, letter).join('');
  return Array.from({ length: GROUPS }, group).join('-');
}

/** SHA-256 is enough for 75 random bits. */
function hashOf(typed: string): Buffer | undefined {
  if (typed.length > 100) return undefined;
  const code = normalForm(typed, 'NFKC')
    .replaceAll(/[\s\p{Pd}]/gu, '')
    .toLowerCase();
  return SHAPE.test(code) ? hash('sha256', code, 'buffer') : undefined;
}
