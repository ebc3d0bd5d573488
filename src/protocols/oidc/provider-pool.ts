import type { IncomingMessage, ServerResponse } from 'node:http';
import { LRUCache } from 'lru-cache';
import type Provider from 'oidc-provider';
import type { Community } from '../../domain/communities/community.ts';
import type { Issuer } from '../../domain/communities/issuer.ts';
import { ensureKeys } from '../../domain/signing-keys/ensure-keys.ts';
import { loadKeySet } from '../../domain/signing-keys/signing-key-store.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Outbound } from '../../platform/outbound/outbound.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import { roomBySize } from '../../platform/work/cache-room.ts';
import { buildProvider } from './build-provider.ts';

/** A provider ready to serve, with the documents that are the same for everybody. */
export type ReadyProvider = {
  provider: Provider;
  handle: (req: IncomingMessage, res: ServerResponse) => Promise<void>;
  /** Discovery and JWKS by path below the issuer, filled on first use. */
  documents: Map<string, Buffer>;
};

type Entry = ReadyProvider & { community: Community; nextChangeAt: number };

export type ProviderPool = {
  /** The provider of an issuer, built when there is none for the community as it is now. */
  get(community: Community, issuer: Issuer): Promise<ReadyProvider>;
};

/** Providers kept in memory; about 75 KB each, and what their community's services take. The idle ones make room. */
const MAX_PROVIDERS = 2_000;
const PROVIDER_SIZE = 75_000;
const MAX_SIZE = 256 * 1024 * 1024;
const IDLE_MS = 30 * 60_000;

export function createProviderPool(parts: {
  database: Database;
  sealer: Sealer;
  outbound: Outbound;
  onBuilt?: (provider: Provider, community: Community) => void;
}): ProviderPool {
  const entries = new LRUCache<string, Entry>({
    ...roomBySize(
      MAX_PROVIDERS,
      MAX_SIZE,
      ({ community }: Entry) => PROVIDER_SIZE + 3 * community.size,
    ),
    ttl: IDLE_MS,
    updateAgeOnGet: true,
  });
  const building = new Map<string, { community: Community; promise: Promise<Entry> }>();

  async function build(community: Community, issuer: Issuer): Promise<Entry> {
    let keys = await loadKeySet(parts.database, parts.sealer, community.id);
    if (keys === undefined) {
      await ensureKeys(parts.database, parts.sealer, community.id);
      keys = await loadKeySet(parts.database, parts.sealer, community.id);
    }
    if (keys === undefined) throw new Error(`community ${community.slug} has no signing keys`);
    const provider = buildProvider({ ...parts, community, issuer, jwks: { keys: keys.jwks } });
    parts.onBuilt?.(provider, community);
    return {
      provider,
      handle: provider.callback() as Entry['handle'],
      documents: new Map(),
      community,
      nextChangeAt: keys.nextChangeAt?.getTime() ?? Number.POSITIVE_INFINITY,
    };
  }

  return {
    async get(community, issuer) {
      const known = entries.get(issuer.url);
      if (known?.community.fingerprint === community.fingerprint && known.nextChangeAt > Date.now())
        return known;
      const pending = building.get(issuer.url);
      if (pending?.community.fingerprint === community.fingerprint) return pending.promise;
      const promise = build(community, issuer)
        .then((entry) => {
          entries.set(issuer.url, entry);
          return entry;
        })
        .finally(() => {
          if (building.get(issuer.url)?.promise === promise) building.delete(issuer.url);
        });
      building.set(issuer.url, { community, promise });
      return promise;
    },
  };
}
