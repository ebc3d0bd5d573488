import type { Config } from '../../platform/config/config.ts';
import { isAllowedAddress } from '../../platform/outbound/address-policy.ts';
import { createDnsTexts } from '../../platform/outbound/dns-texts.ts';
import type { Outbound } from '../../platform/outbound/outbound.ts';
import type { ProofParts } from './find-proof.ts';

/** What looking for proofs takes, as the configuration has it. */
export function proofParts(
  { ownHosts, privateNetworks, url }: Pick<Config, 'ownHosts' | 'privateNetworks' | 'url'>,
  outbound: Outbound,
): ProofParts & { hubUrl: string } {
  const dns = createDnsTexts({
    servers: ownHosts.dnsServers,
    isAllowed: (address) => isAllowedAddress(address, privateNetworks),
  });
  return { dns, outbound, hubUrl: url.origin };
}
