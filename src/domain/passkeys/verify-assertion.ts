import { verifyAuthenticationResponse } from '@simplewebauthn/server';
import type { Logger } from 'pino';
import type { Config } from '../../platform/config/config.ts';
import type { Database } from '../../platform/database/database.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import { isSpent, spendProof } from '../../platform/secrets/replay-store.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import type { CommunityAt } from '../communities/issuer.ts';
import type { Amr } from '../sessions/authentication.ts';
import { type BrowserKey, checkChallenge, spendChallenge } from './challenge.ts';
import { type Assertion, parseAssertion } from './passkey-response.ts';
import { findPasskey, type StoredPasskey, touchPasskey } from './passkey-store.ts';
import { relyingPartiesOf } from './relying-party.ts';
import { userHandle } from './user-handle.ts';

export type PasskeyParts = { config: Config; database: Database; sealer: Sealer; log: Logger };

/** Where and by which browser a passkey is used. */
export type PasskeyVisit = CommunityAt & { browserKey(): BrowserKey };

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

export type AssertionOutcome =
  | { verified: true; passkey: StoredPasskey; amr: Amr[] }
  | {
      verified: false;
      passkey: StoredPasskey | undefined;
      /** What it proved when this same browser sent it before: for the same step it counts still. */
      again?: Amr[];
    };

/**
 * Checks an authenticator's answer (WebAuthn level 3 section 7.2): one of our challenges, for this purpose,
 * asked of this browser at this address, answered for the first time by a passkey of a member, that is
 * the original. Its use is noted.
 */
export async function verifyAssertion(
  parts: PasskeyParts,
  request: PasskeyVisit,
  text: string | undefined,
  expected: Expected,
): Promise<AssertionOutcome> {
  const assertion = parseAssertion(text);
  const asked = assertion && whatWasAsked(parts, request, assertion, expected.purpose);
  if (assertion === undefined || asked === undefined)
    return { verified: false, passkey: undefined };
  const { rpId, expiresAt } = asked;
  const passkey = await findPasskey(parts.database, request.community.id, rpId, assertion.id);
  if (passkey === undefined) return { verified: false, passkey };
  const proof = await verifySignature(parts, request, assertion, passkey, expected);
  if (proof === undefined || !isOwner(passkey, assertion, expected))
    return { verified: false, passkey };
  const { newCounter, credentialBackedUp, userVerified } = proof;
  const proved = passkeyAmr(passkey.backupEligible, userVerified);
  const counts = await noteUse(parts, request, passkey, {
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
  request: PasskeyVisit,
  { challenge }: Assertion,
  purpose: string,
): { rpId: string; expiresAt: Date } | undefined {
  const { community, issuer } = request;
  for (const { rpId } of relyingPartiesOf(parts.config, community, issuer)) {
    const made = { communityId: community.id, rpId, purpose };
    const expiresAt = checkChallenge(parts.sealer, request.browserKey(), made, challenge);
    if (expiresAt !== undefined) return { rpId, expiresAt };
  }
  return undefined;
}

async function verifySignature(
  parts: PasskeyParts,
  request: PasskeyVisit,
  assertion: Assertion,
  passkey: StoredPasskey,
  expected: Expected,
) {
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: assertion,
      expectedChallenge: assertion.challenge,
      // Related origins or not: the answer was given on the page that sends it.
      expectedOrigin: new URL(request.issuer.url).origin,
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

async function noteUse(
  parts: PasskeyParts,
  request: PasskeyVisit,
  passkey: StoredPasskey,
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
    const { subject } = passkey;
    await recordEvents(tx, [
      {
        communityId: request.community.id,
        type: 'passkey.counter-went-back',
        actor: 'anonymous',
        subject,
        details: { passkey: passkey.id },
      },
    ]);
    return false;
  });
}
