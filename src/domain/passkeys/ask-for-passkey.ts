import { generateAuthenticationOptions } from '@simplewebauthn/server';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import type { KnownPasskey } from '../second-factors/factor-store.ts';
import { CHALLENGE_MS, makeChallenge } from './challenge.ts';
import type { PasskeyPlace } from './passkey-place.ts';

/**
 * What a sign-in by passkey needs (WebAuthn level 3 section 5.5). `allowed` names the passkeys of somebody who
 * has proven their password; without it the answer is the same for everybody.
 */
export function askForPasskey(
  sealer: Sealer,
  { realm, browserKey }: PasskeyPlace,
  rpId: string,
  ask: { purpose: string; userVerification: 'required' | 'discouraged'; allowed?: KnownPasskey[] },
) {
  const made = { realm, rpId, purpose: ask.purpose };
  return generateAuthenticationOptions({
    rpID: rpId,
    challenge: new Uint8Array(makeChallenge(sealer, browserKey(), made)),
    timeout: CHALLENGE_MS,
    userVerification: ask.userVerification,
    allowCredentials: (ask.allowed ?? []).map(({ credentialId, transports }) => ({
      id: credentialId,
      transports,
    })),
  });
}
