import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCommunityCache } from '../src/domain/communities/community-cache.ts';
import type { Member } from '../src/domain/memberships/member.ts';
import { createPlaces } from '../src/pages/routing/find-place.ts';
import { parseConfig } from '../src/platform/config/config.ts';
import { type ChangeFeed, openChangeFeed } from '../src/platform/database/change-feed.ts';
import { openDatabase } from '../src/platform/database/database.ts';
import { createRepeats } from '../src/protocols/ldap/operations/repeats.ts';
import { createDisclosureNotes } from '../src/protocols/oidc/disclosure-notes.ts';
import { readMember } from '../src/protocols/oidc/oidc-reads.ts';
import { createSignInCache } from '../src/protocols/oidc/sign-in-cache.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { buildCommunity, buildMember } from './support/factories.ts';

const MB = 1024 * 1024;
let db: TestDatabase;
let feed: ChangeFeed;
beforeAll(async () => {
  db = await cloneDatabase();
  feed = await openChangeFeed({
    connection: db.database.connection,
    channels: ['trousseau_community', 'trousseau_sign_in'],
  });
});
afterAll(async () => {
  await feed.close();
  await db.drop();
});

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes that are still taken by what `work` leaves behind, which it returns. */
async function leftBy(work: () => Promise<unknown>): Promise<number> {
  collect();
  const before = process.memoryUsage().heapUsed;
  const kept = await work();
  collect();
  const left = process.memoryUsage().heapUsed - before;
  expect(kept).toBeDefined();
  return left;
}

/** As Node reads it from a socket: one text that has nothing to do with another. */
const sent = (path: string) => Buffer.from(path).toString('latin1');

describe('what strangers can have remembered', () => {
  it('of an address that leads nowhere is its name, not the 16 KB that came with it', async () => {
    const config = parseConfig({ TROUSSEAU_URL: 'http://localhost:8080', DATABASE_URL: db.url });
    const left = await leftBy(async () => {
      const places = createPlaces(createCommunityCache(db.database, feed), config);
      for (let n = 0; n < 1_000; n += 1) {
        const path = sent(`/c/nobody-is-called-${n}/${'a'.repeat(15_000)}`);
        await expect(places.find('localhost:8080', path)).rejects.toThrow('no such community');
      }
      return places;
    });
    expect(left).toBeLessThan(5 * MB);
  });

  it('of names that lead nowhere drives out nothing that is known', async () => {
    const { slug } = await buildCommunity(db.database);
    const database = await openDatabase({ url: db.url });
    const limits = { names: 100, characters: MB, unknown: 100 };
    const communities = createCommunityCache(database, feed, limits);
    await feed.settle();
    expect(await communities.get({ slug })).toMatchObject({ slug });
    for (let n = 0; n < 300; n += 1) await communities.get({ host: `h${n}.example` });
    await database.close();
    // Without a database, it is known from memory alone.
    expect(await communities.get({ slug })).toMatchObject({ slug });
    expect(await communities.get({ host: 'h299.example' })).toBeUndefined();
    await expect(communities.get({ host: 'h0.example' })).rejects.toThrow();
  });

  it('of communities is bounded by how much is known of them, and not by their number alone', async () => {
    const large = 'ç'.repeat(200);
    const questions = Array.from({ length: 10 }, (_, n) => ({ text: `${large}${n}` }));
    const slugs: string[] = [];
    for (let n = 0; n < 3; n += 1) {
      const { slug } = await buildCommunity(db.database, {
        registration: 'approval',
        questions: questions.map(({ text }) => ({ text, required: false })),
      });
      slugs.push(slug);
    }
    const database = await openDatabase({ url: db.url });
    const limits = { names: 100, characters: 8_000, unknown: 100 };
    const communities = createCommunityCache(database, feed, limits);
    await feed.settle();
    for (const slug of slugs) await communities.get({ slug });
    await database.close();
    const answers = await Promise.allSettled(slugs.map((slug) => communities.get({ slug })));
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  });

  it('of names that binds fail with is as long for each, however long the name', async () => {
    const left = await leftBy(async () => {
      const repeats = createRepeats();
      for (let n = 0; n < 2_000; n += 1) {
        const name = sent(`${'x'.repeat(20_000)}${n}`);
        expect(repeats.isRepeat(name, Buffer.from('wrong'))).toBe(false);
        expect(repeats.isRepeat(name, Buffer.from('wrong'))).toBe(true);
      }
      return repeats;
    });
    expect(left).toBeLessThan(8 * MB);
  });

  it('of sign-ins is bounded by what was stored with them', async () => {
    const community = crypto.randomUUID();
    const cache = createSignInCache(feed);
    await feed.settle();
    const isKept = (n: number) => [
      cache.payload(community, 'AccessToken', `token ${n}`) !== undefined,
      cache.session(community, `id ${n}`) !== undefined,
    ];
    const left = await leftBy(async () => {
      for (let n = 0; n < 1_500; n += 1) {
        const json = sent(JSON.stringify({ n, state: 'x'.repeat(50_000) }));
        cache.keepPayload(cache.version(), community, 'AccessToken', `token ${n}`, json);
        cache.keepSession(cache.version(), community, `uid ${n}`, `id ${n}`, `${json} `);
        // The feed is to be heard, or it vouches for nothing.
        if (n % 20 === 0) await setImmediate();
      }
      expect([isKept(0), isKept(1_499)]).toEqual([
        [false, false],
        [true, true],
      ]);
      return cache;
    });
    expect(left).toBeLessThan(80 * MB);
  });

  it('of members and of what services received is bounded by how many groups there are in it', async () => {
    const [communityId, serviceId] = [crypto.randomUUID(), crypto.randomUUID()];
    const community = await buildCommunity(db.database);
    const { subject } = await buildMember(db.database, community.id);
    const someone = (await readMember(db.database, community.id, subject)) as Member;
    const cache = createSignInCache(feed);
    const notes = createDisclosureNotes();
    await feed.settle();
    const groups = Array.from({ length: 1_000 }, () => crypto.randomUUID());
    const noteOf = (n: number) => ({ serviceId, subject: `subject ${n}`, claims: { groups } });
    for (let n = 0; n < 1_000; n += 1) {
      const member = { ...someone, subject: `subject ${n}`, groupIds: groups };
      cache.keepMember(cache.version(), communityId, member);
      notes.keep(communityId, noteOf(n));
    }
    const isKept = (n: number) => [
      cache.member(communityId, `subject ${n}`) !== undefined,
      notes.isKnown(communityId, noteOf(n)),
    ];
    expect([isKept(0), isKept(999)]).toEqual([
      [false, false],
      [true, true],
    ]);
  });
});
