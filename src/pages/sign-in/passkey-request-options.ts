import { askForPasskey } from '../../domain/passkeys/ask-for-passkey.ts';
import { communityPlace } from '../../domain/passkeys/passkey-place.ts';
import { type RelyingParty, relyingPartiesOf } from '../../domain/passkeys/relying-party.ts';
import { RequestError } from '../../platform/web/http-errors.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import type { WebParts } from '../routing/web-parts.ts';

/** What the script hands to the browser, and the community's other addresses, where passkeys may be of. */
type RequestOptions = {
  options: Awaited<ReturnType<typeof askForPasskey>>;
  elsewhere: { rpId: string; host: string; url: string }[];
};

/**
 * The address whose passkeys are meant: the one that the script names, else this one.
 * @throws RequestError 400 for a name that is none of the community's
 */
export function relyingPartyNamed(
  parts: Pick<WebParts, 'config'>,
  request: CommunityRequest,
  rpId: string | undefined,
): RelyingParty {
  const all = relyingPartiesOf(parts.config, request.community, request.issuer);
  const found = rpId === undefined || rpId === '' ? all[0] : all.find((one) => one.rpId === rpId);
  if (found === undefined) throw new RequestError(400, 'bad-request', 'no such relying party');
  return found;
}

/** Answers with what the script asks the browser for (`askForPasskey`). */
export async function sendRequestOptions(
  parts: Pick<WebParts, 'config' | 'sealer'>,
  request: CommunityRequest,
  rpId: string,
  ask: Parameters<typeof askForPasskey>[3],
): Promise<void> {
  const { community, ctx } = request;
  const place = communityPlace(parts.config, request);
  const options = await askForPasskey(parts.sealer, place, rpId, ask);
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
