import { LRUCache } from 'lru-cache';
import type { Member } from '../../domain/memberships/member.ts';
import type { ChangeFeed } from '../../platform/database/change-feed.ts';
import { tokenHashHex } from '../../platform/secrets/token-hash.ts';
import { roomBySize, roomFor } from '../../platform/work/cache-room.ts';

/** Kinds whose use is stored (or refused) by a write, or whose end the database announces. */
const REMEMBERED = new Set(['AccessToken', 'AuthorizationCode', 'Grant', 'RefreshToken']);
const MAX_ENTRIES = 20_000;
/** Of payloads, of sessions and of members each: what is stored with them, others choose. */
const MAX_CHARACTERS = 32 * 1024 * 1024;

/**
 * Sign-in state that this process read or wrote a moment ago. It is believed only while the change feed
 * vouches for it (invariant 4: nothing outlives a change by more than a second, on any process): the
 * database announces every membership, session, grant and access token that changes or ends. Codes and
 * refresh tokens are used up by a statement that finds them gone, whatever is remembered here.
 */
export type SignInCache = {
  /** JSON of the payload. */
  payload(communityId: string, kind: string, id: string): string | undefined;
  session(communityId: string, id: string): string | undefined;
  sessionByUid(communityId: string, uid: string): string | undefined;
  member(communityId: string, subject: string): Member | undefined;
  /** Taken before a read or write, and given back with its outcome: what changed meanwhile is not kept. */
  version(): number;
  keepPayload(version: number, communityId: string, kind: string, id: string, json: string): void;
  /** `id` is undefined where the session was read by its uid. */
  keepSession(
    version: number,
    communityId: string,
    uid: string,
    id: string | undefined,
    json: string,
  ): void;
  keepMember(version: number, communityId: string, member: Member): void;
  forget(communityId: string, id: string): void;
  forgetSession(communityId: string, uid: string): void;
};

/** About what one takes, and one of the ids in it. */
const MEMBER_SIZE = 500;
const ID_SIZE = 40;

type PayloadEntry = { kind: string; json: string };
type SessionEntry = { json: string; idHash: string | undefined };

export function createSignInCache(feed: ChangeFeed): SignInCache {
  const bounds = roomBySize(
    MAX_ENTRIES,
    MAX_CHARACTERS,
    ({ json }: { json: string }) => json.length,
  );
  const payloads = new LRUCache<string, PayloadEntry>(bounds);
  const sessions = new LRUCache<string, SessionEntry>(bounds);
  const uids = new LRUCache<string, string>(roomFor(MAX_ENTRIES));
  const members = new LRUCache<string, Member>(
    roomBySize(
      MAX_ENTRIES,
      MAX_CHARACTERS,
      ({ groupIds, accounts }) =>
        MEMBER_SIZE + ID_SIZE * (groupIds.length + Object.keys(accounts).length),
    ),
  );
  let version = 0;

  const payloadKey = (communityId: string, hash: string) => `${communityId} ${hash}`;

  feed.on('trousseau_sign_in', (announcement) => {
    version += 1;
    const [communityId, what, key] = announcement?.split(' ') ?? [];
    if (what === 'artifact') payloads.delete(payloadKey(communityId as string, key as string));
    else if (what === 'session') sessions.delete(`${communityId} ${key}`);
    else if (what === 'member') members.delete(`${communityId} ${key}`);
    else for (const cache of [payloads, sessions, uids, members]) cache.clear();
  });

  const current = (taken: number) => taken === version && feed.isLive();
  return {
    payload(communityId, kind, id) {
      if (!REMEMBERED.has(kind) || !feed.isLive()) return undefined;
      const entry = payloads.get(payloadKey(communityId, tokenHashHex(id)));
      return entry?.kind === kind ? entry.json : undefined;
    },
    session(communityId, id) {
      if (!feed.isLive()) return undefined;
      const idHash = tokenHashHex(id);
      const uid = uids.get(`${communityId} ${idHash}`);
      const entry = uid === undefined ? undefined : sessions.get(`${communityId} ${uid}`);
      return entry?.idHash === idHash ? entry.json : undefined;
    },
    sessionByUid: (communityId, uid) =>
      feed.isLive() ? sessions.get(`${communityId} ${uid}`)?.json : undefined,
    member: (communityId, subject) =>
      feed.isLive() ? members.get(`${communityId} ${subject}`) : undefined,
    version: () => version,
    keepPayload(taken, communityId, kind, id, json) {
      if (!REMEMBERED.has(kind) || !current(taken)) return;
      payloads.set(payloadKey(communityId, tokenHashHex(id)), { kind, json });
    },
    keepSession(taken, communityId, uid, id, json) {
      if (!current(taken)) return;
      const key = `${communityId} ${uid}`;
      const idHash = id === undefined ? sessions.get(key)?.idHash : tokenHashHex(id);
      sessions.set(key, { json, idHash });
      if (idHash !== undefined) uids.set(`${communityId} ${idHash}`, uid);
    },
    keepMember(taken, communityId, member) {
      if (!current(taken)) return;
      // Nobody announces that time has passed.
      const { endsIn, subject } = member;
      const ttl = endsIn === null ? undefined : Math.max(1, Math.floor(endsIn));
      members.set(`${communityId} ${subject}`, member, { ttl });
    },
    forget: (communityId, id) => {
      payloads.delete(payloadKey(communityId, tokenHashHex(id)));
    },
    forgetSession: (communityId, uid) => {
      sessions.delete(`${communityId} ${uid}`);
    },
  };
}
