import {
  generateRegistrationOptions,
  type VerifiedRegistrationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import type { Transaction } from '../../platform/database/database.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import type { Locale } from '../../platform/i18n/locale.ts';
import { isSpent, spendProof } from '../../platform/secrets/replay-store.ts';
import { graphemes } from '../../platform/text/graphemes.ts';
import { normalForm } from '../../platform/text/normal-form.ts';
import { notTheFirst } from '../second-factors/change-factors.ts';
import { hasSecondFactor, readFactors } from '../second-factors/factor-store.ts';
import type { FactorHolder } from '../second-factors/holder.ts';
import type { SessionsWish } from '../second-factors/other-sessions.ts';
import type { Amr } from '../sessions/authentication.ts';
import { CHALLENGE_MS, checkChallenge, makeChallenge, spendChallenge } from './challenge.ts';
import { defaultName } from './default-name.ts';
import type { PasskeyPlace } from './passkey-place.ts';
import { type Attestation, parseAttestation } from './passkey-response.ts';
import { insertPasskey, listPasskeys } from './passkey-store.ts';
import { userHandle } from './user-handle.ts';
import { type PasskeyParts, passkeyAmr } from './verify-assertion.ts';

/** More passkeys than anybody has devices; a list that fits on a page. */
const MAX_PASSKEYS = 30;
const MAX_NAME = 100;

export type Registration =
  | { registered: true; id: string; name: string; amr: Amr[]; isFirstFactor: boolean }
  | { registered: false; fault: 'failed' | 'known' | 'too-many' };

/**
 * ES256, EdDSA, RS256 (COSE). The library's own list begins with a post-quantum one, which Node has as an
 * experiment only.
 */
const ALGORITHMS = [-7, -8, -257];

/** Answers that made a passkey, as they were sent. */
const MADE = 'passkey-made';

const purposeOf = (personId: string) => `register:${personId}`;

/**
 * What the browser needs to make a passkey for this address (WebAuthn level 3 section 5.4): one that finds
 * its account by itself and knows its user, so that it can stand for two factors. Nobody is asked which
 * make of authenticator it is.
 */
export async function beginRegistration(
  parts: PasskeyParts,
  place: PasskeyPlace,
  who: { personId: string; username: string; displayName: string },
) {
  const [rpId] = place.rpIds;
  const made = { realm: place.realm, rpId, purpose: purposeOf(who.personId) };
  const known = await listPasskeys(parts.database, who.personId);
  return generateRegistrationOptions({
    rpID: rpId,
    rpName: place.name,
    userName: who.username,
    userDisplayName: who.displayName,
    userID: new Uint8Array(userHandle(rpId, who.personId)),
    challenge: new Uint8Array(makeChallenge(parts.sealer, place.browserKey(), made)),
    timeout: CHALLENGE_MS,
    supportedAlgorithmIDs: ALGORITHMS,
    attestationType: 'none',
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    excludeCredentials: known
      .filter((passkey) => passkey.rpId === rpId)
      .map(({ credentialId, transports }) => ({ id: credentialId, transports })),
  });
}

/** `isFirst`: it is the person's first second factor. */
type Also = (tx: Transaction, amr: Amr[], isFirst: boolean) => Promise<void>;

/**
 * Checks the browser's answer (section 7.1) and keeps the passkey, once. Without a name it gets one by its
 * kind. Whoever calls it has made sure that the person at the keyboard is the person.
 * @param wish what becomes of the person's other sessions
 * @param onlyAsFirst for whoever has proven a password alone
 * @param also what is kept of it besides, by a sign-in on its way or for a form that may be sent twice
 * @throws ExpiredError when it was to be the first second factor, and is not
 */
export async function finishRegistration(
  parts: PasskeyParts,
  place: PasskeyPlace,
  holder: FactorHolder,
  answer: { response: string | undefined; name: string | undefined; locale: Locale },
  wish: SessionsWish,
  { onlyAsFirst = false, also }: { onlyAsFirst?: boolean; also?: Also } = {},
): Promise<Registration> {
  const { personId } = holder;
  const attestation = parseAttestation(answer.response);
  const checked = attestation && (await verify(parts, place, attestation, personId));
  if (checked === undefined || attestation === undefined)
    return { registered: false, fault: 'failed' };
  const { info, rpId, expiresAt } = checked;
  const backupEligible = info.credentialDeviceType === 'multiDevice';
  const transports = attestation.response.transports ?? [];
  const made = { aaguid: info.aaguid, backupEligible, transports };
  const passkey = {
    ...made,
    personId,
    rpId,
    credentialId: Buffer.from(info.credential.id, 'base64url'),
    publicKey: Buffer.from(info.credential.publicKey),
    signCount: info.credential.counter,
    backedUp: info.credentialBackedUp,
    name: passkeyName(answer.name) ?? defaultName(answer.locale, made),
  };
  return parts.database.transaction(async (tx): Promise<Registration> => {
    const isFirstFactor = await lockFactors(tx, personId);
    const amr = passkeyAmr(backupEligible, true);
    const known = await listPasskeys(tx, personId);
    const same = known.find(({ credentialId }) => credentialId === info.credential.id);
    const isAgain = also && (await isSpent(tx, MADE, answer.response as string));
    if (isAgain && same !== undefined) {
      await also(tx, amr, isFirstFactor);
      const { id, name } = same;
      return { registered: true, id, name, amr, isFirstFactor };
    }
    if (onlyAsFirst && !isFirstFactor) throw notTheFirst();
    if (known.length >= MAX_PASSKEYS) return { registered: false, fault: 'too-many' };
    if (!(await spendChallenge(tx, attestation.challenge, expiresAt)))
      return { registered: false, fault: 'failed' };
    const id = await insertPasskey(tx, passkey);
    if (id === undefined) return { registered: false, fault: 'known' };
    await holder.settleOthers(tx, wish);
    await tellOfNew(tx, holder, { id, name: passkey.name, rpId, backupEligible });
    await also?.(tx, amr, isFirstFactor);
    await spendProof(tx, MADE, answer.response as string, expiresAt);
    return { registered: true, id, name: passkey.name, amr, isFirstFactor };
  });
}

/** A name as it is kept, cut between signs as readers count them; undefined where only space was typed. */
export function passkeyName(typed: string | undefined): string | undefined {
  const text = normalForm(typed ?? '', 'NFC')
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  let name = '';
  for (const segment of graphemes(text)) {
    // The database counts code points.
    if ([...name, ...segment].length > MAX_NAME) break;
    name += segment;
  }
  return name || undefined;
}

type Info = NonNullable<VerifiedRegistrationResponse['registrationInfo']>;

async function verify(
  parts: PasskeyParts,
  place: PasskeyPlace,
  attestation: Attestation,
  personId: string,
): Promise<{ info: Info; rpId: string; expiresAt: Date } | undefined> {
  const [rpId] = place.rpIds;
  const { challenge } = attestation;
  const made = { realm: place.realm, rpId, purpose: purposeOf(personId) };
  const expiresAt = checkChallenge(parts.sealer, place.browserKey(), made, challenge);
  if (expiresAt === undefined) return undefined;
  try {
    const { verified, registrationInfo: info } = await verifyRegistrationResponse({
      response: attestation,
      expectedChallenge: challenge,
      expectedOrigin: place.origin,
      expectedRPID: rpId,
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    });
    return verified && info !== undefined ? { info, rpId, expiresAt } : undefined;
  } catch (error) {
    parts.log.debug({ reason: (error as Error).message }, 'a new passkey was refused');
    return undefined;
  }
}

/** One change of somebody's factors at a time. @returns whether there is none yet */
async function lockFactors(tx: Transaction, personId: string): Promise<boolean> {
  await tx.query('SELECT 1 FROM persons WHERE id = $1 FOR UPDATE', [personId]);
  return !hasSecondFactor(await readFactors(tx, personId));
}

async function tellOfNew(
  tx: Transaction,
  holder: FactorHolder,
  {
    id,
    name,
    rpId,
    backupEligible,
  }: { id: string; name: string; rpId: string; backupEligible: boolean },
): Promise<void> {
  const details = { passkey: id, name, host: rpId, synced: backupEligible };
  await recordEvents(tx, [holder.event({ type: 'passkey.added', details })]);
  await holder.notify(tx, { template: 'new-passkey', data: { passkey: name, host: rpId } });
}
