import { LRUCache } from 'lru-cache';
import type { CommunityCache } from '../../domain/communities/community-cache.ts';
import type { CommunityKey } from '../../domain/communities/community-store.ts';
import { hostIssuer, hubIssuer, type Issuer } from '../../domain/communities/issuer.ts';
import type { Config } from '../../platform/config/config.ts';
import { hostForms } from '../../platform/text/host-name.ts';
import { ownCopy } from '../../platform/text/own-copy.ts';
import { notFound, RequestError } from '../../platform/web/http-errors.ts';
import { roomBySize } from '../../platform/work/cache-room.ts';
import type { CommunityPlace } from './open-community-request.ts';

/** To whom a request is: to the hub itself, or to one of its communities. */
export type Place = { kind: 'hub'; url: string } | ({ kind: 'community' } & CommunityPlace);

export type Places = {
  /** @throws RequestError 421 for a host that is not served, 404 for a community that does not exist */
  find(host: string, path: string): Promise<Place>;
  /**
   * The community there as it was when it was last found: an error wears its face while the database is away.
   * It opens nothing.
   */
  lastSeen(host: string, path: string): CommunityPlace | undefined;
};

type Candidate = Issuer & { key: CommunityKey };

const MAX_REMEMBERED = 1_000;
/** Of what is known of them. */
const MAX_CHARACTERS = 16 * 1024 * 1024;

/** A registered host is a community's own; on the hub's host the path names the community. */
export function createPlaces(communities: CommunityCache, { url }: Config): Places {
  const { host: hubHost, origin: hubOrigin } = url;
  const seen = new LRUCache<string, CommunityPlace>(
    roomBySize(MAX_REMEMBERED, MAX_CHARACTERS, ({ community }) => community.size),
  );

  /** The issuers that the address may be of; undefined for the hub's own pages. */
  function candidates(host: string, path: string): Candidate[] | undefined {
    const forms = hostForms(host);
    if (!forms.includes(hubHost))
      return forms.map((form) => ({ ...hostIssuer(form), key: { host: form } }));
    const named = /^\/c\/([a-z0-9-]{1,63})(?=\/|$)/.exec(path)?.[1];
    if (named === undefined) return undefined;
    const slug = ownCopy(named);
    return [{ ...hubIssuer(url, slug), key: { slug } }];
  }

  return {
    async find(host, path) {
      // What is no host is nobody's, and neither remembered nor looked for.
      if (host === '') throw notServed(host);
      const possible = candidates(host, path);
      if (possible === undefined) return { kind: 'hub', url: hubOrigin };
      for (const { key, ...issuer } of possible) {
        const community = await communities.get(key);
        if (community === undefined) {
          seen.delete(issuer.url);
          continue;
        }
        const place = { ...issuer, community };
        if (seen.get(issuer.url)?.community !== community) seen.set(issuer.url, place);
        return { kind: 'community', ...place };
      }
      if (possible.every(({ key }) => 'slug' in key)) throw notFound('no such community');
      throw notServed(host);
    },
    lastSeen: (host, path) =>
      candidates(host, path)
        ?.map((issuer) => seen.get(issuer.url))
        .find((place) => place !== undefined),
  };
}

function notServed(host: string): RequestError {
  const named = host === '' ? 'what was asked for' : `the host "${host.slice(0, 100)}"`;
  return new RequestError(421, 'not-found', `${named} is not served here`);
}
