import type { Database } from '../../platform/database/database.ts';
import { type AuditEvent, recordEvents, type Told } from '../../platform/events/record-event.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import type { CommunityAt } from '../communities/issuer.ts';
import { ExpiredError } from '../errors.ts';
import { notifyMember } from '../notices/notify-member.ts';
import { hasSecondFactor, readFactors } from './factor-store.ts';
import { endSessionsOfPersons, type SessionsWish, settleOtherSessions } from './other-sessions.ts';
import { forgetCodesOfNobody, makeRecoveryCodes, spendRecoveryCode } from './recovery-codes.ts';
import { type RemovalRefusal, refusalOfRemoval } from './removal.ts';
import { storeTotp } from './totp.ts';

type Parts = { database: Database; sealer: Sealer };
type Who = { personId: string; subject: string };

/**
 * Keeps an authenticator app that was confirmed, and tells its owner.
 * @param wish what becomes of the person's other sessions
 * @param onlyAsFirst for whoever has proven a password alone
 * @returns whether it is the person's first second factor
 * @throws ExpiredError when it was to be, and is not
 */
export async function addTotp(
  { database, sealer }: Parts,
  request: CommunityAt,
  { personId, subject }: Who,
  confirmed: { secret: string; step: number },
  wish: SessionsWish,
  { onlyAsFirst = false }: { onlyAsFirst?: boolean } = {},
): Promise<boolean> {
  return database.transaction(async (tx) => {
    await tx.query('SELECT 1 FROM persons WHERE id = $1 FOR UPDATE', [personId]);
    const before = await readFactors(tx, personId);
    if (onlyAsFirst && hasSecondFactor(before)) throw notTheFirst();
    await storeTotp(tx, sealer, personId, confirmed);
    await settleOtherSessions(tx, { communityId: request.community.id, personId, subject }, wish);
    const details = { replaced: before.totp };
    await recordEvents(tx, [eventOf(request, subject, { type: 'totp.added', details })]);
    await notifyMember(tx, { ...noticeOf(request, subject), template: 'second-factor-added' });
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
  request: CommunityAt,
  { personId, subject, session }: Who & { session: { uid: string } },
): Promise<RemovalRefusal | undefined> {
  return database.transaction(async (tx) => {
    const refusal = await refusalOfRemoval(tx, personId, (all) => ({ ...all, totp: false }));
    if (refusal !== undefined) return refusal;
    const gone = await tx.query('DELETE FROM totp_secrets WHERE person_id = $1 RETURNING 1', [
      personId,
    ]);
    if (gone.length === 0) return undefined;
    await forgetCodesOfNobody(tx, personId);
    const kept = { communityId: request.community.id, uid: session.uid };
    await endSessionsOfPersons(tx, [{ personId, kept }]);
    await recordEvents(tx, [eventOf(request, subject, { type: 'totp.removed' })]);
    await notifyMember(tx, { ...noticeOf(request, subject), template: 'second-factor-removed' });
    return undefined;
  });
}

/** New recovery codes in the place of the old ones. */
export async function renewRecoveryCodes(
  { database }: Pick<Parts, 'database'>,
  request: CommunityAt,
  { personId, subject }: Who,
): Promise<string[]> {
  return database.transaction(async (tx) => {
    const codes = await makeRecoveryCodes(tx, personId);
    await recordEvents(tx, [eventOf(request, subject, { type: 'recovery-codes.made' })]);
    return codes;
  });
}

/** After a password: uses a recovery code up, of which its owner is told. @returns whether it was one */
export async function useRecoveryCode(
  { database }: Pick<Parts, 'database'>,
  request: CommunityAt,
  { personId, subject }: Who,
  code: string,
): Promise<boolean> {
  return database.transaction(async (tx) => {
    const left = await spendRecoveryCode(tx, personId, code);
    if (left === undefined) return false;
    await recordEvents(tx, [
      eventOf(request, subject, { type: 'recovery-code.used', details: { left } }),
    ]);
    const notice = noticeOf(request, subject);
    await notifyMember(tx, { ...notice, template: 'recovery-code-used', data: { left } });
    return true;
  });
}

function eventOf({ community }: CommunityAt, subject: string, told: Told): AuditEvent {
  return { communityId: community.id, actor: `member:${subject}`, subject, ...told };
}

function noticeOf({ community, issuer }: CommunityAt, subject: string) {
  return { communityId: community.id, subject, issuerUrl: issuer.url };
}
