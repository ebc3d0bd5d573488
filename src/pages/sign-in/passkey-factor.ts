import { z } from 'zod';
import { communityPlace } from '../../domain/passkeys/passkey-place.ts';
import { relyingPartiesOf } from '../../domain/passkeys/relying-party.ts';
import { verifyAssertion } from '../../domain/passkeys/verify-assertion.ts';
import { type KnownPasskey, readFactors } from '../../domain/second-factors/factor-store.ts';
import { RequestError } from '../../platform/web/http-errors.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import type { WebParts } from '../routing/web-parts.ts';
import type { FactorCheck } from './factor-check.ts';
import { relyingPartyNamed, sendRequestOptions } from './passkey-request-options.ts';
import type { PendingSignIn } from './pending-sign-in.ts';
import { type SignInTarget, signInPath } from './sign-in-target.ts';
import { onTheWay, SIGN_INS } from './who.ts';

/** What the second-factor page says of somebody's passkeys. */
export type PasskeyOffer = {
  optionsUrl: string;
  /** Whether one of them was made at this address. */
  here: boolean;
  /** Other addresses of the community that some were made at; the browser may reach them from here. */
  elsewhere: { host: string; url: string }[];
  /** Whether it is the operators' console that asks. */
  isConsole?: boolean;
};

const purposeOf = ({ tokenHash }: PendingSignIn) => `factor:${tokenHash.toString('hex')}`;

/** Names the passkeys to whoever has proven the password: the authenticator need not keep a list of its own. */
export const PASSKEY_FACTOR_ROUTES: CommunityRoute[] = SIGN_INS.map(({ path, params }) =>
  route({
    method: 'POST',
    path: `${path}/second-factor/passkey/options`,
    params,
    who: onTheWay('factor'),
    form: z.object({ rp: z.string().optional() }),
    async handle({ parts, request, who: { pending }, form }) {
      const { passkeys } = await readFactors(parts.database, pending.personId);
      const { rpId } = form.rp
        ? relyingPartyNamed(parts, request, form.rp)
        : bestRelyingParty(parts, request, passkeys);
      await sendRequestOptions(parts, request, rpId, {
        purpose: purposeOf(pending),
        userVerification: 'discouraged',
        allowed: passkeys.filter((passkey) => passkey.rpId === rpId),
      });
    },
  }),
);

/** What there is to say of passkeys on the page that asks for a second factor. */
export function passkeyOffer(
  parts: Pick<WebParts, 'config'>,
  request: CommunityRequest,
  target: SignInTarget,
  passkeys: readonly KnownPasskey[],
): PasskeyOffer {
  const [here, ...others] = relyingPartiesOf(parts.config, request.community, request.issuer);
  const base = `${request.issuer.basePath}${signInPath(target)}/second-factor`;
  const isOf = (rpId: string | undefined) => passkeys.some((passkey) => passkey.rpId === rpId);
  return {
    optionsUrl: `${base}/passkey/options`,
    here: isOf(here?.rpId),
    elsewhere: others
      .filter(({ rpId }) => isOf(rpId))
      .map(({ rpId, issuer }) => ({
        host: new URL(issuer.url).host,
        url: `${base}/elsewhere?at=${encodeURIComponent(rpId)}`,
      })),
  };
}

/** Checks a passkey's answer after a right password. */
export const verifyPasskeyFactor: FactorCheck = async (parts, request, pending, { response }) => {
  const { personId } = pending;
  const purpose = purposeOf(pending);
  const expected = { purpose, personId, userVerification: false };
  const place = communityPlace(parts.config, request);
  const outcome = await verifyAssertion(parts, place, response, expected);
  return outcome.verified ? outcome.amr : outcome.again;
};

/** This address if a passkey is of it, else the first of the community's others that has one. */
function bestRelyingParty(
  parts: Pick<WebParts, 'config'>,
  request: CommunityRequest,
  passkeys: readonly KnownPasskey[],
) {
  const all = relyingPartiesOf(parts.config, request.community, request.issuer);
  const found = all.find(({ rpId }) => passkeys.some((passkey) => passkey.rpId === rpId));
  if (found === undefined) throw new RequestError(404, 'not-found', 'no passkey of this community');
  return found;
}
