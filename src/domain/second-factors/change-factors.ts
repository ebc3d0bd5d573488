import type { Database, Transaction } from '../../platform/database/database.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import { doStepOnce, type Step } from '../done-steps/done-step.ts';
import { ExpiredError } from '../errors.ts';
import { hasSecondFactor, readFactors } from './factor-store.ts';
import type { FactorHolder } from './holder.ts';
import type { SessionsWish } from './other-sessions.ts';
import {
  areCodesOf,
  forgetCodesOfNobody,
  makeRecoveryCodes,
  shownCodesContext,
  spendRecoveryCode,
  wasSpentFor,
} from './recovery-codes.ts';
import { type RemovalRefusal, refusalOfRemoval } from './removal.ts';
import { hasTotpSecret, storeTotp } from './totp.ts';

type Parts = { database: Database; sealer: Sealer };
/** `isFirst`: it is the person's first second factor. */
type Also = (tx: Transaction, isFirst: boolean) => Promise<void>;

/**
 * Keeps an authenticator app that was confirmed, and tells its owner.
 * @param wish what becomes of the person's other sessions
 * @param onlyAsFirst for whoever has proven a password alone
 * @param also what is kept of it besides, by a sign-in on its way or for a form that may be sent twice
 * @returns whether it is the person's first second factor
 * @throws ExpiredError when it was to be, and is not
 */
export async function addTotp(
  { database, sealer }: Parts,
  holder: FactorHolder,
  confirmed: { secret: string; step: number },
  wish: SessionsWish,
  { onlyAsFirst = false, also }: { onlyAsFirst?: boolean; also?: Also } = {},
): Promise<boolean> {
  const { personId } = holder;
  return database.transaction(async (tx) => {
    await tx.query('SELECT 1 FROM persons WHERE id = $1 FOR UPDATE', [personId]);
    const before = await readFactors(tx, personId);
    if (also !== undefined) {
      await also(tx, !hasSecondFactor(before));
      if (await hasTotpSecret(tx, sealer, personId, confirmed.secret)) return false;
    }
    if (onlyAsFirst && hasSecondFactor(before)) throw notTheFirst();
    await storeTotp(tx, sealer, personId, confirmed);
    await holder.settleOthers(tx, wish);
    const details = { replaced: before.totp };
    await recordEvents(tx, [holder.event({ type: 'totp.added', details })]);
    await holder.notify(tx, { template: 'second-factor-added' });
    return !hasSecondFactor(before);
  });
}

/** Of two who set the first one up at once, the second is not let in by a password alone. */
export function notTheFirst(): ExpiredError {
  return new ExpiredError('a second factor was set up meanwhile');
}

/**
 * Removes the authenticator app; what the person has open elsewhere ends, as with a passkey: whoever had the
 * telephone may be in. This session goes on.
 * @returns why it stays; undefined when it is gone
 */
export async function removeTotp(
  { database }: Pick<Parts, 'database'>,
  holder: FactorHolder,
  { uid }: { uid: string },
): Promise<RemovalRefusal | undefined> {
  const { personId } = holder;
  return database.transaction(async (tx) => {
    const refusal = await refusalOfRemoval(tx, personId, (all) => ({ ...all, totp: false }));
    if (refusal !== undefined) return refusal;
    const gone = await tx.query('DELETE FROM totp_secrets WHERE person_id = $1 RETURNING 1', [
      personId,
    ]);
    if (gone.length === 0) return undefined;
    await forgetCodesOfNobody(tx, personId);
    await holder.endOthers(tx, uid);
    await recordEvents(tx, [holder.event({ type: 'totp.removed' })]);
    await holder.notify(tx, { template: 'second-factor-removed' });
    return undefined;
  });
}

/**
 * New recovery codes in the place of the old ones: of one form the same ones, however often it is sent.
 * @returns undefined when others took their place since
 */
export async function renewRecoveryCodes(
  parts: Parts,
  holder: FactorHolder,
  step: Step | undefined,
): Promise<string[] | undefined> {
  const { personId } = holder;
  const { shown } = await doStepOnce(parts, step, async (tx) => {
    const made = await makeRecoveryCodes(tx, personId);
    await recordEvents(tx, [holder.event({ type: 'recovery-codes.made' })]);
    return { shown: { codes: made.join(' ') } };
  });
  const codes = shown?.codes?.split(' ') ?? [];
  return (await areCodesOf(parts.database, personId, codes)) ? codes : undefined;
}

/**
 * New recovery codes of somebody who set up a second factor on their way in: the same ones while that lasts, so
 * that those of a page that was sent twice are no others.
 * @returns undefined when the sign-in is over
 */
export async function recoveryCodesOnTheWay(
  { database, sealer }: Parts,
  holder: FactorHolder,
  { communityId, tokenHash }: { communityId: string; tokenHash: Buffer },
): Promise<string[] | undefined> {
  const { personId } = holder;
  const context = shownCodesContext(tokenHash.toString('hex'));
  return database.transaction(async (tx) => {
    const key = [communityId, tokenHash];
    // In the order in which a factor is added.
    await tx.query('SELECT 1 FROM persons WHERE id = $1 FOR UPDATE', [personId]);
    const [row] = await tx.query<{ sealed: Buffer | null }>(
      `SELECT sealed_codes AS sealed FROM pending_sign_ins
       WHERE community_id = $1 AND token_hash = $2 FOR UPDATE`,
      key,
    );
    if (row === undefined) return undefined;
    if (row.sealed !== null) return JSON.parse(sealer.open(row.sealed, context).toString());
    const codes = await makeRecoveryCodes(tx, personId);
    await tx.query(
      'UPDATE pending_sign_ins SET sealed_codes = $3 WHERE community_id = $1 AND token_hash = $2',
      [...key, sealer.seal(JSON.stringify(codes), context)],
    );
    await recordEvents(tx, [holder.event({ type: 'recovery-codes.made' })]);
    return codes;
  });
}

/**
 * After a password: uses a recovery code up, of which its owner is told.
 * @param usedFor hash of the sign-in that it serves, which may send it again
 * @returns whether it was one
 */
export async function useRecoveryCode(
  { database }: Pick<Parts, 'database'>,
  holder: FactorHolder,
  code: string,
  usedFor?: Buffer,
): Promise<boolean> {
  const { personId } = holder;
  return database.transaction(async (tx) => {
    const left = await spendRecoveryCode(tx, personId, code, usedFor);
    if (left === undefined)
      return usedFor !== undefined && wasSpentFor(tx, personId, code, usedFor);
    await recordEvents(tx, [holder.event({ type: 'recovery-code.used', details: { left } })]);
    await holder.notify(tx, { template: 'recovery-code-used', data: { left } });
    return true;
  });
}
