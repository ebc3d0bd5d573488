import { Secret, TOTP } from 'otpauth';
import type { Database, Transaction } from '../../platform/database/database.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import { normalForm } from '../../platform/text/normal-form.ts';

/** RFC 6238 with the parameters that every authenticator app knows: SHA-1, six digits, 30 seconds. */
const PERIOD = 30;
const DIGITS = 6;
/** Steps that a clock may be off, either way (section 5.2). */
const WINDOW = 1;
/** RFC 4226 section 4: 160 bits. */
const SECRET_BYTES = 20;

type Parts = { database: Database; sealer: Sealer };

export const totpContext = (personId: string) => `totp:${personId}`;

/** @returns a new secret in base32 (RFC 4648 section 6), as authenticator apps take it */
export function newTotpSecret(): string {
  return new Secret({ size: SECRET_BYTES }).base32;
}

/** The address that an authenticator app reads from the picture: `otpauth://totp/COMMUNITY:USERNAME?…`. */
export function totpAddress(secret: string, community: string, username: string): string {
  return totpOf(secret, { issuer: community, label: username }).toString();
}

/**
 * The step whose code this is, if it is one of now: to be kept, so that it counts once.
 * @param code as typed, with or without spaces
 */
export function stepOf(secret: string, code: string, now = Date.now()): number | undefined {
  const token = normalForm(code.replaceAll(/[\s\p{Pd}]/gu, ''), 'NFKC');
  if (!/^\d{6}$/.test(token)) return undefined;
  const delta = totpOf(secret).validate({ token, window: WINDOW, timestamp: now });
  return delta === null ? undefined : Math.floor(now / 1000 / PERIOD) + delta;
}

/** Keeps an authenticator app whose code of `step` was typed, in the place of one that was there. */
export async function storeTotp(
  tx: Transaction,
  sealer: Sealer,
  personId: string,
  { secret, step }: { secret: string; step: number },
): Promise<void> {
  await tx.query(
    `INSERT INTO totp_secrets (person_id, sealed_secret, confirmed_at, last_step) VALUES ($1, $2, now(), $3)
     ON CONFLICT (person_id) DO UPDATE SET sealed_secret = EXCLUDED.sealed_secret, confirmed_at = now(),
       last_step = EXCLUDED.last_step, created_at = now(), last_used_at = NULL, last_used_for = NULL`,
    [personId, sealer.seal(secret, totpContext(personId)), step],
  );
}

/** Whether this is the secret of the person's authenticator app, as it is when its form is sent twice. */
export async function hasTotpSecret(
  tx: Transaction,
  sealer: Sealer,
  personId: string,
  secret: string,
): Promise<boolean> {
  const [row] = await tx.query<{ sealed: Buffer }>(
    'SELECT sealed_secret AS sealed FROM totp_secrets WHERE person_id = $1 AND confirmed_at IS NOT NULL',
    [personId],
  );
  return row !== undefined && sealer.open(row.sealed, totpContext(personId)).toString() === secret;
}

/**
 * Checks a code and uses its step up: a code counts once, on whichever process (section 5.2).
 * @param usedFor the sign-in on its way that it is typed in: for that one it counts however often it is sent
 * @returns false as well for one that was used, or older than the newest that was
 */
export async function checkTotp(
  { database, sealer }: Parts,
  personId: string,
  code: string,
  now = Date.now(),
  usedFor?: Buffer,
): Promise<boolean> {
  const [row] = await database.query<{ sealed: Buffer }>(
    'SELECT sealed_secret AS sealed FROM totp_secrets WHERE person_id = $1 AND confirmed_at IS NOT NULL',
    [personId],
  );
  if (row === undefined) return false;
  const step = stepOf(sealer.open(row.sealed, totpContext(personId)).toString(), code, now);
  if (step === undefined) return false;
  const used = await database.query(
    `UPDATE totp_secrets SET last_step = $2, last_used_for = $4, last_used_at = now()
     WHERE person_id = $1 AND sealed_secret = $3
       AND (last_step IS NULL OR last_step < $2 OR (last_step = $2 AND last_used_for = $4::bytea)) RETURNING 1`,
    [personId, step, row.sealed, usedFor ?? null],
  );
  return used.length === 1;
}

function totpOf(secret: string, names: { issuer?: string; label?: string } = {}): TOTP {
  return new TOTP({
    ...names,
    algorithm: 'SHA1',
    digits: DIGITS,
    period: PERIOD,
    secret: Secret.fromBase32(secret),
  });
}
