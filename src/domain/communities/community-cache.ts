import { LRUCache } from 'lru-cache';
import type { ChangeFeed } from '../../platform/database/change-feed.ts';
import type { Database } from '../../platform/database/database.ts';
import { ownCopy } from '../../platform/text/own-copy.ts';
import { roomBySize, roomFor } from '../../platform/work/cache-room.ts';
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

/** `characters` of what is known of communities: in memory they take two to three bytes each. */
const LIMITS = { names: 20_000, characters: 64 * 1024 * 1024, unknown: 5_000 };
/** No community's name is longer; a host of the longest with its port is not. */
const MAX_NAME = 300;

export function createCommunityCache(
  database: Database,
  feed: ChangeFeed,
  limits = LIMITS,
): CommunityCache {
  const known = new LRUCache<string, Community>(
    roomBySize(limits.names, limits.characters, ({ size }) => size),
  );
  /** Names that lead nowhere: a flood of them stays cheap, and drives out nothing that is known. */
  const unknown = new LRUCache<string, true>(roomFor(limits.unknown));
  const loading = new Map<string, Promise<Community | undefined>>();
  const listeners: ((communityId: string | undefined) => void)[] = [];
  let version = 0;

  feed.on('trousseau_community', (communityId) => {
    version += 1;
    // An unknown name may have become the name of this community.
    unknown.clear();
    for (const [name, { id }] of known.entries())
      if (communityId === undefined || id === communityId) known.delete(name);
    for (const listener of listeners) listener(communityId);
  });

  async function load(name: string, key: CommunityKey): Promise<Community | undefined> {
    const before = version;
    const community = await loadCommunity(database, key);
    // What changed while it was read must not be remembered.
    if (version !== before || !feed.isLive()) return community;
    if (community !== undefined) known.set(ownCopy(name), community);
    else if (name.length <= MAX_NAME) unknown.set(ownCopy(name), true);
    return community;
  }

  return {
    get(key) {
      const name = `${Object.keys(key)[0]}:${Object.values(key)[0]}`;
      if (feed.isLive()) {
        const community = known.get(name);
        if (community !== undefined || unknown.get(name)) return Promise.resolve(community);
      }
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
