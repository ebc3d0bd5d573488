import { generateAuthenticationOptions } from '@simplewebauthn/server';
import { CHALLENGE_MS, makeChallenge } from '../../domain/passkeys/challenge.ts';
import { type RelyingParty, relyingPartiesOf } from '../../domain/passkeys/relying-party.ts';
import type { PasskeyParts } from '../../domain/passkeys/verify-assertion.ts';
import type { KnownPasskey } from '../../domain/second-factors/factor-store.ts';
import { RequestError } from '../../platform/web/http-errors.ts';
import type { CommunityRequest } from '../routing/community-request.ts';

/** What the script hands to the browser, and the community's other addresses, where passkeys may be of. */
type RequestOptions = {
  options: Awaited<ReturnType<typeof generateAuthenticationOptions>>;
  elsewhere: { rpId: string; host: string; url: string }[];
};

/**
 * The address whose passkeys are meant: the one that the script names, else this one.
 * @throws RequestError 400 for a name that is none of the community's
 */
export function relyingPartyNamed(
  parts: Pick<PasskeyParts, 'config'>,
  request: CommunityRequest,
  rpId: string | undefined,
): RelyingParty {
  const all = relyingPartiesOf(parts.config, request.community, request.issuer);
  const found = rpId === undefined || rpId === '' ? all[0] : all.find((one) => one.rpId === rpId);
  if (found === undefined) throw new RequestError(400, 'bad-request', 'no such relying party');
  return found;
}

/**
 * Answers with what a sign-in by passkey needs (WebAuthn level 3 section 5.5). `allowed` names the passkeys
 * of somebody who has proven their password; without it the answer is the same for everybody.
 */
export async function sendRequestOptions(
  parts: PasskeyParts,
  request: CommunityRequest,
  rpId: string,
  ask: { purpose: string; userVerification: 'required' | 'discouraged'; allowed?: KnownPasskey[] },
): Promise<void> {
  const { community, ctx } = request;
  const made = { communityId: community.id, rpId, purpose: ask.purpose };
  const options = await generateAuthenticationOptions({
    rpID: rpId,
    challenge: new Uint8Array(makeChallenge(parts.sealer, request.browserKey(), made)),
    timeout: CHALLENGE_MS,
    userVerification: ask.userVerification,
    allowCredentials: (ask.allowed ?? []).map(({ credentialId, transports }) => ({
      id: credentialId,
      transports,
    })),
  });
  const elsewhere = relyingPartiesOf(parts.config, community, request.issuer)
    .slice(1)
    .map((other) => ({
      rpId: other.rpId,
      host: new URL(other.issuer.url).host,
      url: `${other.issuer.url}/login`,
    }));
  ctx.type = 'json';
  ctx.body = { options, elsewhere } satisfies RequestOptions;
}
