import { LRUCache } from 'lru-cache';
import type { ChangeFeed } from '../../platform/database/change-feed.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Community } from './community.ts';
import { type CommunityKey, loadCommunity } from './community-store.ts';

/**
 * Communities as this process knows them. An entry is served only while the change feed vouches for
 * it: the database announces every change, and without word from it nothing is served from memory
 * (invariant 4: no cache outlives a change by more than a second).
 */
export type CommunityCache = {
  /** The community, from memory when that is known to be true, else from the database. */
  get(key: CommunityKey): Promise<Community | undefined>;
  /** Called with the id of each community that changed, and with undefined when all may have. */
  onChange(listener: (communityId: string | undefined) => void): void;
};

/** Names that lead nowhere are remembered, too, so that a flood of them stays cheap; but not many. */
const MAX_NAMES = 20_000;

export function createCommunityCache(database: Database, feed: ChangeFeed): CommunityCache {
  const byName = new LRUCache<string, { community: Community | undefined }>({ max: MAX_NAMES });
  const loading = new Map<string, Promise<Community | undefined>>();
  const listeners: ((communityId: string | undefined) => void)[] = [];
  let version = 0;

  feed.on('trousseau_community', (communityId) => {
    version += 1;
    for (const [name, { community }] of byName.entries()) {
      // An unknown name may have become the name of this community.
      if (communityId === undefined || community === undefined || community.id === communityId)
        byName.delete(name);
    }
    for (const listener of listeners) listener(communityId);
  });

  async function load(name: string, key: CommunityKey): Promise<Community | undefined> {
    const before = version;
    const community = await loadCommunity(database, key);
    // What changed while it was read must not be remembered.
    if (version === before && feed.isLive()) byName.set(name, { community });
    return community;
  }

  return {
    get(key) {
      const name = `${Object.keys(key)[0]}:${Object.values(key)[0]}`;
      const known = feed.isLive() ? byName.get(name) : undefined;
      if (known !== undefined) return Promise.resolve(known.community);
      const pending = loading.get(name);
      if (pending !== undefined) return pending;
      const promise = load(name, key).finally(() => loading.delete(name));
      loading.set(name, promise);
      return promise;
    },
    onChange: (listener) => {
      listeners.push(listener);
    },
  };
}
