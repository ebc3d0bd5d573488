import {
  generateRegistrationOptions,
  type VerifiedRegistrationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { notifyMember } from '../../domain/notices/notify-member.ts';
import {
  CHALLENGE_MS,
  checkChallenge,
  makeChallenge,
  spendChallenge,
} from '../../domain/passkeys/challenge.ts';
import { defaultName } from '../../domain/passkeys/default-name.ts';
import { type Attestation, parseAttestation } from '../../domain/passkeys/passkey-response.ts';
import { insertPasskey, listPasskeys } from '../../domain/passkeys/passkey-store.ts';
import { relyingPartyAt } from '../../domain/passkeys/relying-party.ts';
import { userHandle } from '../../domain/passkeys/user-handle.ts';
import { type PasskeyParts, passkeyAmr } from '../../domain/passkeys/verify-assertion.ts';
import { notTheFirst } from '../../domain/second-factors/change-factors.ts';
import { hasSecondFactor, readFactors } from '../../domain/second-factors/factor-store.ts';
import {
  type SessionsWish,
  settleOtherSessions,
} from '../../domain/second-factors/other-sessions.ts';
import type { Amr } from '../../domain/sessions/authentication.ts';
import type { Transaction } from '../../platform/database/database.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import { normalForm } from '../../platform/text/normal-form.ts';
import { localeOf } from '../routing/chrome.ts';
import type { CommunityRequest } from '../routing/community-request.ts';

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

const purposeOf = (personId: string) => `register:${personId}`;

/**
 * What the browser needs to make a passkey for this address (WebAuthn level 3 section 5.4): one that finds
 * its account by itself and knows its user, so that it can stand for two factors. Nobody is asked which
 * make of authenticator it is.
 */
export async function beginRegistration(
  parts: PasskeyParts,
  request: CommunityRequest,
  who: { personId: string; username: string; displayName: string },
) {
  const { community, issuer } = request;
  const { rpId } = relyingPartyAt(issuer);
  const made = { communityId: community.id, rpId, purpose: purposeOf(who.personId) };
  const known = await listPasskeys(parts.database, who.personId);
  return generateRegistrationOptions({
    rpID: rpId,
    rpName: community.name,
    userName: who.username,
    userDisplayName: who.displayName,
    userID: new Uint8Array(userHandle(rpId, who.personId)),
    challenge: new Uint8Array(makeChallenge(parts.sealer, request.browserKey(), made)),
    timeout: CHALLENGE_MS,
    supportedAlgorithmIDs: ALGORITHMS,
    attestationType: 'none',
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    excludeCredentials: known
      .filter((passkey) => passkey.rpId === rpId)
      .map(({ credentialId, transports }) => ({ id: credentialId, transports })),
  });
}

/**
 * Checks the browser's answer (section 7.1) and keeps the passkey, once. Without a name it gets one by its
 * kind. Whoever calls it has made sure that the person at the keyboard is the person.
 * @param wish what becomes of the person's other sessions
 * @param onlyAsFirst for whoever has proven a password alone
 * @throws RequestError 400 `expired` when it was to be the first second factor, and is not
 */
export async function finishRegistration(
  parts: PasskeyParts,
  request: CommunityRequest,
  who: { personId: string; subject: string },
  answer: { response: string | undefined; name: string | undefined },
  wish: SessionsWish,
  { onlyAsFirst = false }: { onlyAsFirst?: boolean } = {},
): Promise<Registration> {
  const attestation = parseAttestation(answer.response);
  const checked = attestation && (await verify(parts, request, attestation, who.personId));
  if (checked === undefined || attestation === undefined)
    return { registered: false, fault: 'failed' };
  const { info, rpId, expiresAt } = checked;
  const backupEligible = info.credentialDeviceType === 'multiDevice';
  const transports = attestation.response.transports ?? [];
  const locale = localeOf(request.ctx, request.community.locale);
  const made = { aaguid: info.aaguid, backupEligible, transports };
  const passkey = {
    ...made,
    personId: who.personId,
    rpId,
    credentialId: Buffer.from(info.credential.id, 'base64url'),
    publicKey: Buffer.from(info.credential.publicKey),
    signCount: info.credential.counter,
    backedUp: info.credentialBackedUp,
    name: passkeyName(answer.name) ?? defaultName(locale, made),
  };
  return parts.database.transaction(async (tx): Promise<Registration> => {
    const isFirstFactor = await lockFactors(tx, who.personId);
    if (onlyAsFirst && !isFirstFactor) throw notTheFirst();
    if ((await listPasskeys(tx, who.personId)).length >= MAX_PASSKEYS)
      return { registered: false, fault: 'too-many' };
    if (!(await spendChallenge(tx, attestation.challenge, expiresAt)))
      return { registered: false, fault: 'failed' };
    const id = await insertPasskey(tx, passkey);
    if (id === undefined) return { registered: false, fault: 'known' };
    const whose = { ...who, communityId: request.community.id };
    await settleOtherSessions(tx, whose, wish);
    await tellOfNew(tx, request, who.subject, { id, name: passkey.name, rpId, backupEligible });
    const amr = passkeyAmr(backupEligible, true);
    return { registered: true, id, name: passkey.name, amr, isFirstFactor };
  });
}

/** A name as it is kept, cut between signs as readers count them; undefined where only space was typed. */
export function passkeyName(typed: string | undefined): string | undefined {
  const text = normalForm(typed ?? '', 'NFC')
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  let name = '';
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    // The database counts code points.
    if ([...name, ...segment].length > MAX_NAME) break;
    name += segment;
  }
  return name || undefined;
}

type Info = NonNullable<VerifiedRegistrationResponse['registrationInfo']>;

async function verify(
  parts: PasskeyParts,
  request: CommunityRequest,
  attestation: Attestation,
  personId: string,
): Promise<{ info: Info; rpId: string; expiresAt: Date } | undefined> {
  const { community, issuer } = request;
  const { rpId } = relyingPartyAt(issuer);
  const { challenge } = attestation;
  const made = { communityId: community.id, rpId, purpose: purposeOf(personId) };
  const expiresAt = checkChallenge(parts.sealer, request.browserKey(), made, challenge);
  if (expiresAt === undefined) return undefined;
  try {
    const { verified, registrationInfo: info } = await verifyRegistrationResponse({
      response: attestation,
      expectedChallenge: challenge,
      expectedOrigin: new URL(issuer.url).origin,
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
  request: CommunityRequest,
  subject: string,
  passkey: { id: string; name: string; rpId: string; backupEligible: boolean },
): Promise<void> {
  await recordEvents(tx, [
    {
      communityId: request.community.id,
      type: 'passkey.added',
      actor: `member:${subject}`,
      subject,
      details: {
        passkey: passkey.id,
        name: passkey.name,
        host: passkey.rpId,
        synced: passkey.backupEligible,
      },
    },
  ]);
  await notifyMember(tx, {
    communityId: request.community.id,
    subject,
    issuerUrl: request.issuer.url,
    template: 'new-passkey',
    data: { passkey: passkey.name, host: passkey.rpId },
  });
}
