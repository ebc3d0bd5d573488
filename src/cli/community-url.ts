import { hostIssuer, hubIssuer } from '../domain/communities/issuer.ts';
import type { ListedCommunity } from '../domain/communities/list-communities.ts';
import type { Config } from '../platform/config/config.ts';

/** The address that people know a community by: its own host where it has one. */
export function communityUrl(
  config: Pick<Config, 'url'>,
  { slug, hosts }: Pick<ListedCommunity, 'slug' | 'hosts'>,
): string {
  const [host] = hosts;
  return host === undefined ? hubIssuer(config.url, slug).url : hostIssuer(host).url;
}
