import type { Config } from '../../platform/config/config.ts';
import type { Community } from '../communities/community.ts';
import { hostIssuer, hubIssuer, type Issuer } from '../communities/issuer.ts';

/**
 * An address of a community as WebAuthn sees it. A passkey belongs to one RP ID (level 3 section 4); the
 * other addresses of the same community reach it by related origins (section 5.11).
 */
export type RelyingParty = {
  /** The host without its port. */
  rpId: string;
  issuer: Issuer;
};

/** The one at which a request came. */
export function relyingPartyAt(issuer: Issuer): RelyingParty {
  return { rpId: new URL(issuer.url).hostname, issuer };
}

/**
 * Every address of a community, the given one first. Passkeys of other RP IDs, such as another community's
 * host, are not asked for here: a community does not learn where else its members belong.
 */
export function relyingPartiesOf(
  config: Pick<Config, 'url'>,
  community: Pick<Community, 'slug' | 'hosts'>,
  at: Issuer,
): RelyingParty[] {
  const all = [hubIssuer(config.url, community.slug), ...community.hosts.map(hostIssuer)];
  const here = relyingPartyAt(at);
  const others = all.map(relyingPartyAt).filter(({ rpId }) => rpId !== here.rpId);
  return [here, ...others];
}
