import type { ChangeFeed } from '../../../platform/database/change-feed.ts';
import type { Database } from '../../../platform/database/database.ts';
import { type Dn, dnKey, parseDn, rdnKey } from '../../../platform/distinguished-names/dn.ts';
import { type Follower, follow } from './follower.ts';

/** A community's place in the tree, with what must be known of it before its directory is read. */
export type NamingContext = {
  communityId: string;
  /** As the community writes it. */
  base: string;
  depth: number;
  /** A community that is frozen, moved or archived answers `unavailable`: an empty answer would be believed. */
  isActive: boolean;
};

export type NamingContexts = {
  follower: Follower;
  /** In the order in which communities were made. */
  all(): readonly NamingContext[];
  of(communityId: string): NamingContext | undefined;
  /** The context that a name is in. */
  containing(dn: Dn): NamingContext | undefined;
  /** Argon2 hash of an operators' reader. */
  operatorReaderHash(name: string): string | undefined;
};

/** Bases of all communities and the operators' readers, followed as they change. */
export function createNamingContexts(options: {
  database: Database;
  feed: ChangeFeed;
  onError: (error: unknown) => void;
}): NamingContexts {
  const { database, feed, onError } = options;
  let list: NamingContext[] = [];
  let byBase = new Map<string, NamingContext>();
  let byCommunity = new Map<string, NamingContext>();
  let readers = new Map<string, string>();
  let depths: number[] = [];

  const follower = follow(feed, refresh, onError);
  feed.on('trousseau_community', (communityId) => {
    if (communityId === undefined) follower.invalidate();
    else follower.mark();
  });
  follower.mark();

  async function refresh(): Promise<void> {
    const rows = await database.query<{ id: string; base: string; state: string }>(
      'SELECT id, ldap_base AS base, state FROM communities ORDER BY created_at, id',
    );
    const hashes = await database.query<{ name: string; hash: string }>(
      'SELECT name, password_hash AS hash FROM operator_readers',
    );
    const keyed = rows.flatMap(({ id, base, state }) => {
      const dn = parseDn(base);
      // A base that cannot be read was never accepted by `apply`; nothing can be asked of it.
      if (dn === undefined || dn.length === 0) return [];
      const context = { communityId: id, base, depth: dn.length, isActive: state === 'active' };
      return [{ key: dnKey(dn), context }];
    });
    list = keyed.map(({ context }) => context);
    byBase = new Map(keyed.map(({ key, context }) => [key, context]));
    byCommunity = new Map(list.map((context) => [context.communityId, context]));
    depths = [...new Set(list.map(({ depth }) => depth))].sort((a, b) => b - a);
    readers = new Map(hashes.map(({ name, hash }) => [name.toLowerCase(), hash]));
  }

  return {
    follower,
    all: () => list,
    of: (communityId) => byCommunity.get(communityId),
    containing(dn) {
      for (const depth of depths) {
        if (depth > dn.length) continue;
        const found = byBase.get(dn.slice(-depth).map(rdnKey).join(','));
        if (found !== undefined) return found;
      }
      return undefined;
    },
    operatorReaderHash: (name) => readers.get(name.toLowerCase()),
  };
}
