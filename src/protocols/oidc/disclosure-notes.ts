import { isDeepStrictEqual } from 'node:util';
import { LRUCache } from 'lru-cache';
import { HOUR_MS } from '../../platform/time/units.ts';
import { roomBySize } from '../../platform/work/cache-room.ts';

/** What a service was given of a member. */
export type Disclosure = { serviceId: string; subject: string; claims: Record<string, unknown> };

/**
 * What this process wrote of disclosures lately: only what is new is written again, and that nothing is new
 * once an hour. Apps ask for a member's claims with each of their requests; the database hears of few.
 */
export type DisclosureNotes = {
  /** Whether the database knows of this already, by a note of the last hour. */
  isKnown(communityId: string, disclosure: Disclosure): boolean;
  /** After it was stored. */
  keep(communityId: string, disclosure: Disclosure): void;
};

const MAX_NOTES = 20_000;
/** Of all claims in them: one may be a list of very many groups. */
const MAX_CHARACTERS = 32 * 1024 * 1024;

export function createDisclosureNotes(maxAgeMs = HOUR_MS): DisclosureNotes {
  const notes = new LRUCache<string, Record<string, unknown>>({
    ...roomBySize(MAX_NOTES, MAX_CHARACTERS, (claims) => JSON.stringify(claims).length),
    ttl: maxAgeMs,
  });
  const keyOf = (communityId: string, { serviceId, subject }: Disclosure) =>
    `${communityId} ${serviceId} ${subject}`;
  return {
    isKnown(communityId, disclosure) {
      const known = notes.get(keyOf(communityId, disclosure));
      return (
        known !== undefined &&
        Object.entries(disclosure.claims).every(([name, value]) =>
          isDeepStrictEqual(known[name], value),
        )
      );
    },
    keep(communityId, disclosure) {
      const key = keyOf(communityId, disclosure);
      const known = notes.peek(key);
      // What is added to a note does not make it younger: the hour is the oldest claim's.
      const ttl = known === undefined ? maxAgeMs : notes.getRemainingTTL(key);
      notes.set(key, { ...known, ...disclosure.claims }, { ttl: Math.max(1, ttl) });
    },
  };
}
