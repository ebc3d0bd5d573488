import { verifyAuthenticationResponse } from '@simplewebauthn/server';
import type { Logger } from 'pino';
import type { Database } from '../../platform/database/database.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import { isSpent, spendProof } from '../../platform/secrets/replay-store.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import type { Amr } from '../sessions/authentication.ts';
import { checkChallenge, spendChallenge } from './challenge.ts';
import type { PasskeyPlace } from './passkey-place.ts';
import { type Assertion, parseAssertion } from './passkey-response.ts';
import { type StoredPasskey, touchPasskey } from './passkey-store.ts';
import { userHandle } from './user-handle.ts';

export type PasskeyParts = { database: Database; sealer: Sealer; log: Logger };

/** Answers that were taken, as they were sent. */
const TAKEN = 'passkey-answer';

/** What an answer is expected to be. */
export type Expected = {
  /** What its challenge was made for. */
  purpose: string;
  /** Whose it must be; undefined where the passkey itself says who comes. */
  personId?: string;
  /** Whether the authenticator must have checked a fingerprint, face or PIN. */
  userVerification: boolean;
};

export type AssertionOutcome<Owner> =
  | { verified: true; passkey: StoredPasskey & Owner; amr: Amr[] }
  | {
      verified: false;
      passkey: (StoredPasskey & Owner) | undefined;
      /** What it proved when this same browser sent it before: for the same step it counts still. */
      again?: Amr[];
    };

/**
 * Checks an authenticator's answer (WebAuthn level 3 section 7.2): one of our challenges, for this purpose,
 * asked of this browser at this address, answered for the first time by a passkey of somebody here, that is
 * the original. Its use is noted.
 */
export async function verifyAssertion<Owner>(
  parts: PasskeyParts,
  place: PasskeyPlace<Owner>,
  text: string | undefined,
  expected: Expected,
): Promise<AssertionOutcome<Owner>> {
  const assertion = parseAssertion(text);
  const asked = assertion && whatWasAsked(parts, place, assertion, expected.purpose);
  if (assertion === undefined || asked === undefined)
    return { verified: false, passkey: undefined };
  const { rpId, expiresAt } = asked;
  const passkey = await place.find(parts.database, rpId, assertion.id);
  if (passkey === undefined) return { verified: false, passkey };
  const proof = await verifySignature(parts, place, assertion, passkey, expected);
  if (proof === undefined || !isOwner(passkey, assertion, expected))
    return { verified: false, passkey };
  const { newCounter, credentialBackedUp, userVerified } = proof;
  const proved = passkeyAmr(passkey.backupEligible, userVerified);
  const counts = await noteUse(parts, place, passkey, {
    spend: { challenge: assertion.challenge, expiresAt },
    text: text as string,
    signCount: newCounter,
    backedUp: credentialBackedUp,
  });
  if (counts) return { verified: true, passkey, amr: proved };
  // One that was taken; one that was refused then is refused again.
  const isAgain = await isSpent(parts.database, TAKEN, text as string);
  return { verified: false, passkey, ...(isAgain && { again: proved }) };
}

/** RFC 8176: a key that stays in its device, or one that a program carries along; `user`: somebody was recognised. */
export function passkeyAmr(backupEligible: boolean, userVerified: boolean): Amr[] {
  return [backupEligible ? 'swk' : 'hwk', ...(userVerified ? (['user'] as const) : [])];
}

/** The RP ID that the challenge was made for, among those that count at this address. */
function whatWasAsked(
  parts: PasskeyParts,
  place: PasskeyPlace,
  { challenge }: Assertion,
  purpose: string,
): { rpId: string; expiresAt: Date } | undefined {
  for (const rpId of place.rpIds) {
    const made = { realm: place.realm, rpId, purpose };
    const expiresAt = checkChallenge(parts.sealer, place.browserKey(), made, challenge);
    if (expiresAt !== undefined) return { rpId, expiresAt };
  }
  return undefined;
}

async function verifySignature(
  parts: PasskeyParts,
  place: PasskeyPlace,
  assertion: Assertion,
  passkey: StoredPasskey,
  expected: Expected,
) {
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: assertion,
      expectedChallenge: assertion.challenge,
      expectedOrigin: place.origin,
      expectedRPID: passkey.rpId,
      requireUserVerification: expected.userVerification,
      // The count is compared where it is stored, so that of two processes one takes it.
      credential: {
        id: passkey.credentialId,
        publicKey: new Uint8Array(passkey.publicKey),
        counter: 0,
      },
    });
    const { credentialDeviceType } = authenticationInfo;
    const isSameKind = (credentialDeviceType === 'multiDevice') === passkey.backupEligible;
    return verified && isSameKind ? authenticationInfo : undefined;
  } catch (error) {
    // The library throws for whatever is wrong with an answer; the visitor is told no more than "no".
    parts.log.debug({ reason: (error as Error).message }, 'a passkey was refused');
    return undefined;
  }
}

/** The handle must be there when nothing else says who comes (section 7.2 step 6), and never another's. */
function isOwner(passkey: StoredPasskey, assertion: Assertion, { personId }: Expected): boolean {
  const given = assertion.response.userHandle;
  if (personId !== undefined && personId !== passkey.personId) return false;
  if (given === undefined || given === '') return personId !== undefined;
  return given === userHandle(passkey.rpId, passkey.personId).toString('base64url');
}

async function noteUse<Owner>(
  parts: PasskeyParts,
  place: PasskeyPlace<Owner>,
  passkey: StoredPasskey & Owner,
  use: {
    spend: { challenge: string; expiresAt: Date };
    text: string;
    signCount: number;
    backedUp: boolean;
  },
): Promise<boolean> {
  return parts.database.transaction(async (tx) => {
    if (!(await spendChallenge(tx, use.spend.challenge, use.spend.expiresAt))) return false;
    if (await touchPasskey(tx, passkey, use)) {
      await spendProof(tx, TAKEN, use.text, use.spend.expiresAt);
      return true;
    }
    const details = { passkey: passkey.id };
    await recordEvents(tx, [place.event({ type: 'passkey.counter-went-back', details }, passkey)]);
    return false;
  });
}
