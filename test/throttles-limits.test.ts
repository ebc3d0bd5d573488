import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../src/platform/database/database.ts';
import { createSealer } from '../src/platform/secrets/sealer.ts';
import type { Allowance } from '../src/platform/throttles/limiter.ts';
import { neighbourhoodOf, networkOf } from '../src/platform/throttles/network.ts';
import type { Attempt, AttemptAllowance } from '../src/platform/throttles/sign-in-throttle.ts';
import { createThrottles, type Throttles } from '../src/platform/throttles/throttles.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { TEST_SECRET } from './support/hub.ts';

const HOUR = 3600_000;
const sealer = createSealer([TEST_SECRET]);
let db: TestDatabase;
let throttles: Throttles;
let communityId: string;

beforeAll(async () => {
  db = await cloneDatabase();
  throttles = createThrottles(db.database.pool, sealer);
});
afterAll(() => db.drop());
beforeEach(async () => {
  communityId = crypto.randomUUID();
  await db.database.query('DELETE FROM throttles');
});

/** How many of the attempts are let through. */
async function letThrough(attempts: Promise<Allowance>[]): Promise<number> {
  return (await Promise.all(attempts)).filter(({ allowed }) => allowed).length;
}

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

const passTime = (ms: number) =>
  db.database.query('UPDATE throttles SET expire = expire - $1', [ms]);

describe('networks', () => {
  it.each([
    ['192.0.2.17', '192.0.2.17', '192.0.2.0/24'],
    ['::ffff:192.0.2.17', '192.0.2.17', '192.0.2.0/24'],
    ['2001:db8:12:34:56::1', '2001:db8:12:34::/64', '2001:db8:12::/48'],
    ['2001:0DB8:0012:0034::', '2001:db8:12:34::/64', '2001:db8:12::/48'],
    ['::1', '0:0:0:0::/64', '0:0:0::/48'],
    ['nonsense', 'unknown', 'unknown'],
    ['', 'unknown', 'unknown'],
  ])('%s is of %s, in the neighbourhood %s', (ip, network, neighbourhood) => {
    expect([networkOf(ip), neighbourhoodOf(ip)]).toEqual([network, neighbourhood]);
  });
});

describe('passwords', () => {
  const attempt = (ip: string, name: string, more: Partial<Attempt> = {}) =>
    throttles.attempt({ communityId, name, account: name, ip, ...more });
  /** Of these attempts: let through as ever, looked at in case they are right, refused. */
  async function told(attempts: Promise<AttemptAllowance>[]): Promise<[number, number, number]> {
    const all = await Promise.all(attempts);
    const besieged = all.filter((each) => 'besieged' in each).length;
    const allowed = all.filter((each) => each.allowed).length;
    return [allowed - besieged, besieged, all.length - allowed];
  }
  const signIn = async (ip: string, name: string, more: Partial<Attempt> = {}) => {
    const made = { communityId, name, account: name, ip, ...more };
    const allowance = await throttles.attempt(made);
    await throttles.succeeded(made);
    return allowance;
  };

  it('of one name at one address are ten, and those beyond are counted for nobody else there', async () => {
    expect(await told(times(500, () => attempt('192.0.2.1', 'alice')))).toEqual([10, 0, 490]);
    expect(await told(times(89, (index) => attempt('192.0.2.1', `name-${index}`)))).toEqual([
      89, 0, 0,
    ]);
  });

  it('of many names at one address are a hundred; each name’s first ones beyond are looked at in case they are right', async () => {
    const tries = times(600, (index) => attempt('192.0.2.1', `name-${index}`));
    expect(await told(tries)).toEqual([100, 500, 0]);
    // Whoever is refused, and whoever is wrong, is told the same: when the quarter of an hour is over.
    const refused = await attempt('192.0.2.1', 'made-up', { isNobody: true });
    if (refused.allowed) throw new Error('let through');
    expect(refused.retryAfterSeconds).toBeLessThanOrEqual(15 * 60);
    expect(await attempt('192.0.2.2', 'somebody')).toEqual({ allowed: true });
  });

  it('of one name are three where the address is stopped, right ones aside', async () => {
    await Promise.all(times(100, (index) => attempt('192.0.2.1', `name-${index}`)));
    for (let time = 0; time < 20; time += 1) {
      expect(await signIn('192.0.2.1', 'right')).toMatchObject({ allowed: true });
    }
    expect(await told(times(8, () => attempt('192.0.2.1', 'wrong')))).toEqual([0, 3, 5]);
  });

  it('of names that nobody has leave no rows where an address is stopped already', async () => {
    const madeUp = (from: number, count: number) =>
      times(count, (index) => attempt('192.0.2.1', `made-up-${from + index}`, { isNobody: true }));
    const rows = async () =>
      (await db.database.query<{ n: number }>('SELECT count(*)::int AS n FROM throttles'))[0]?.n;
    await told(madeUp(0, 100));
    const before = await rows();
    for (let from = 100; from < 1_100; from += 100)
      expect(await told(madeUp(from, 100))).toEqual([0, 0, 100]);
    expect(await rows()).toBe(before);
  });

  it('of many names are stopped for a whole IPv4 /24 likewise, and for nobody else', async () => {
    const tries = times(1_000, (index) => attempt(`198.51.100.${index % 250}`, `name-${index}`));
    expect(await told(tries)).toEqual([300, 700, 0]);
    expect(await attempt('198.51.100.251', 'made-up', { isNobody: true })).toMatchObject({
      allowed: false,
    });
    expect(await attempt('198.51.101.1', 'somebody')).toEqual({ allowed: true });
  });

  it('of many names are stopped for a whole IPv6 /48 likewise, whose households are 65,536', async () => {
    const hex = (index: number) => index.toString(16);
    const tries = times(1_000, (index) => attempt(`2001:db8:7:${hex(index)}::1`, `name-${index}`));
    expect(await told(tries)).toEqual([300, 700, 0]);
    expect(await attempt('2001:db8:8::1', 'somebody')).toEqual({ allowed: true });
  });

  it('where an account signed in before are let in when they are refused like strangers there, a few wrong ones included', async () => {
    await signIn('192.0.2.1', 'regular');
    await Promise.all(times(600, (index) => attempt('192.0.2.1', `name-${index}`)));
    for (let time = 0; time < 20; time += 1) {
      expect(await signIn('192.0.2.1', 'regular')).toMatchObject({ allowed: true });
    }
    expect(await told(times(12, () => attempt('192.0.2.1', 'regular')))).toEqual([0, 8, 4]);
    // Elsewhere the account is as everybody, and in another community it is another.
    const elsewhere = { communityId: crypto.randomUUID() };
    expect(await attempt('192.0.2.9', 'regular')).toEqual({ allowed: true });
    expect(await attempt('192.0.2.9', 'regular', elsewhere)).toEqual({ allowed: true });
  });

  it('where an account signed in before are let in when it is tried from everywhere', async () => {
    await signIn('192.0.2.1', 'alice');
    const address = (index: number) => `10.${index >> 8}.${index & 255}.1`;
    for (let begin = 0; begin < 400; begin += 50) {
      await Promise.all(times(50, (index) => attempt(address(begin + index), 'alice')));
    }
    expect(await attempt('172.16.0.1', 'alice')).toMatchObject({ allowed: false });
    expect(await signIn('192.0.2.1', 'alice')).toMatchObject({ allowed: true });
  });

  it('by way of an app are counted by name and service, and for all at the service, and not for its address', async () => {
    const cloud = { app: { service: 'cloud' } };
    expect(await told(times(40, () => attempt('192.0.2.1', 'alice', cloud)))).toEqual([10, 0, 30]);
    const spray = times(700, (index) => attempt('192.0.2.1', `name-${index}`, cloud));
    expect(await told(spray)).toEqual([190, 510, 0]);
    expect(await attempt('192.0.2.1', 'made-up', { ...cloud, isNobody: true })).toMatchObject({
      allowed: false,
    });
    // On the web from that address, and by way of another app, nothing has happened.
    expect(await attempt('192.0.2.1', 'somebody')).toEqual({ allowed: true });
    const wiki = { app: { service: 'wiki' } };
    expect(await attempt('192.0.2.1', 'alice', wiki)).toEqual({ allowed: true });
  });

  it('by way of an app that only its address tells of share one name’s tries with the web there, and nothing else', async () => {
    const app = { app: {} };
    await Promise.all(times(5, () => attempt('192.0.2.1', 'alice', app)));
    expect(await told(times(9, () => attempt('192.0.2.1', 'alice')))).toEqual([5, 0, 4]);
    await Promise.all(times(130, (index) => attempt('192.0.2.1', `name-${index}`)));
    expect(await attempt('192.0.2.1', 'bob')).toHaveProperty('besieged');
    expect(await attempt('192.0.2.1', 'bob', app)).toEqual({ allowed: true });
  });

  it('of one account are fifty an hour over all apps, addresses and the web together', async () => {
    const ways: Partial<Attempt>[] = [{}, { app: {} }, { app: { service: 'cloud' } }];
    const tries = times(300, (index) => attempt(`192.0.2.${index % 10}`, 'alice', ways[index % 3]));
    // Beyond the fifty, three from each of ten addresses and one service.
    expect(await letThrough(tries)).toBeLessThanOrEqual(50 + 3 * 11);
    expect(await attempt('192.0.2.0', 'alice')).toMatchObject({ allowed: false });
  });

  it('an app is known at the address where it proved itself, by every process, for a week', async () => {
    const at = { communityId, ip: '192.0.2.1' };
    expect(await throttles.isAppAt(at)).toBe(false);
    await throttles.appSucceeded(at);
    const own = await openDatabase({ url: db.url });
    const twin = createThrottles(own.pool, sealer);
    expect(await twin.isAppAt(at)).toBe(true);
    expect(await twin.isAppAt({ ...at, ip: '192.0.2.2' })).toBe(false);
    expect(await twin.isAppAt({ ...at, communityId: crypto.randomUUID() })).toBe(false);
    await passTime(7 * 24 * HOUR + 1000);
    expect(await twin.isAppAt(at)).toBe(false);
    await own.close();
  });

  it('from a known device are not hindered where everything else is stopped', async () => {
    const address = (index: number) => `10.${index >> 8}.${index & 255}.1`;
    for (let begin = 0; begin < 400; begin += 50) {
      await Promise.all(times(50, (index) => attempt(address(begin + index), 'alice')));
    }
    expect(await attempt('203.0.113.201', 'alice')).toMatchObject({ allowed: false });
    const laptop = { device: 'her laptop' };
    expect(await attempt('203.0.113.201', 'alice', laptop)).toEqual({ allowed: true });
    expect(await letThrough(times(30, () => attempt('203.0.113.201', 'alice', laptop)))).toBe(9);
  });

  it('from very many addresses are fewer than four hundred a day for one account', async () => {
    let through = 0;
    const address = (index: number) => `10.${index >> 8}.${index & 255}.1`;
    for (let begin = 0; begin < 600; begin += 50) {
      through += await letThrough(times(50, (index) => attempt(address(begin + index), 'bob')));
    }
    expect(through).toBe(350);
    const answer = await attempt('172.16.0.1', 'bob');
    expect(answer).toMatchObject({ allowed: false });
    if (!answer.allowed) expect(answer.retryAfterSeconds).toBeGreaterThan(3600);
    // Another account is guessed at apart.
    expect(await attempt('172.16.0.1', 'carol')).toEqual({ allowed: true });
  });
});

describe('second factors', () => {
  const personId = 'a person';
  const guess = (ip: string, device?: string) => throttles.factor({ personId, ip, device });

  it('are guessed at ten times an hour, however many try at once, from wherever', async () => {
    expect(await letThrough(times(60, (index) => guess(`10.0.${index}.1`)))).toBe(10);
  });

  it('are guessed at thirty times a day', async () => {
    let through = 0;
    for (let hour = 0; hour < 6; hour += 1) {
      through += await letThrough(times(12, () => guess('192.0.2.1')));
      await passTime(HOUR + 1000);
    }
    expect(through).toBe(30);
    await passTime(24 * HOUR);
    expect(await guess('192.0.2.1')).toEqual({ allowed: true });
  });

  it('are counted together by two processes', async () => {
    const own = await openDatabase({ url: db.url });
    try {
      const twin = createThrottles(own.pool, sealer);
      const both = times(30, (index) =>
        (index % 2 === 0 ? throttles : twin).factor({ personId, ip: '192.0.2.1' }),
      );
      expect(await letThrough(both)).toBe(10);
    } finally {
      await own.close();
    }
  });

  it('have tries of their own on a known device, which a stranger cannot use up', async () => {
    await letThrough(times(40, () => guess('192.0.2.1')));
    expect(await letThrough(times(30, () => guess('192.0.2.1', 'her laptop')))).toBe(10);
    expect(await guess('192.0.2.1')).toMatchObject({ allowed: false });
  });

  it('that are right are not counted', async () => {
    for (let time = 0; time < 40; time += 1) {
      expect(await guess('192.0.2.1')).toEqual({ allowed: true });
      await throttles.factorSucceeded({ personId, ip: '192.0.2.1' });
    }
  });

  it('of many people at one address are sixty, and three of each beyond', async () => {
    const of = (person: number) =>
      throttles.factor({ personId: `person ${person}`, ip: '192.0.2.9' });
    expect(await letThrough(times(60, (index) => of(index % 10)))).toBe(60);
    expect(await letThrough(times(20, () => of(99)))).toBe(3);
  });

  it('beyond one person’s are not counted for who is at the same address', async () => {
    await letThrough(times(200, () => guess('192.0.2.9')));
    const others = times(50, (index) =>
      throttles.factor({ personId: `person ${index % 10}`, ip: '192.0.2.9' }),
    );
    expect(await letThrough(others)).toBe(50);
  });
});

describe('requests', () => {
  const ask = (...[kind, ip, name, community]: [Kind, string, string?, string?]) =>
    throttles.request(kind, {
      communityId: community ?? communityId,
      ip,
      ...(name !== undefined && { name }),
    });
  type Kind = Parameters<Throttles['request']>[0];

  it('to register without a proof of work are three an hour for an address, ten for its neighbours', async () => {
    const one = times(10, (index) =>
      ask('registration-unsolved', '192.0.2.1', `a${index}@b.example`),
    );
    expect(await letThrough(one)).toBe(3);
    const all = times(40, (index) =>
      ask('registration-unsolved', `192.0.2.${10 + index}`, `b${index}@b.example`),
    );
    expect(await letThrough(all)).toBe(7);
    // With the proof there is more room.
    expect(await ask('registration', '192.0.2.1', 'c@b.example')).toEqual({ allowed: true });
  });

  it('to recover are five an hour for a name at an address, folded as sign-in folds it', async () => {
    const spellings = ['alice', ' Alice ', 'ALICE', 'alice\u00a0', 'alice', 'alice', 'Alice'];
    expect(await letThrough(spellings.map((name) => ask('recovery', '192.0.2.1', name)))).toBe(5);
    expect(await ask('recovery', '192.0.2.1', 'bob')).toEqual({ allowed: true });
    expect(await ask('recovery', '192.0.2.2', 'alice')).toEqual({ allowed: true });
  });

  it('to recover one name from everywhere come to an end, in this community alone', async () => {
    const everywhere = times(100, (index) => ask('recovery', `10.1.${index}.1`, 'alice'));
    expect(await letThrough(everywhere)).toBe(60);
    expect(await ask('recovery', '10.2.0.1', 'alice', crypto.randomUUID())).toEqual({
      allowed: true,
    });
  });

  it('of a flood from one address are stopped for all communities of the hub', async () => {
    const flood = times(60, (index) =>
      ask('registration', '192.0.2.1', `x${index}@b.example`, crypto.randomUUID()),
    );
    expect(await letThrough(flood)).toBe(30);
  });

  it('leave no rows of what was typed where an address is stopped already', async () => {
    const rows = async () =>
      (await db.database.query<{ n: number }>('SELECT count(*)::int AS n FROM throttles'))[0]?.n;
    const recover = (from: number, count: number) =>
      Promise.all(times(count, (index) => ask('recovery', '192.0.2.1', `x${from + index}`)));
    await recover(0, 200);
    const before = await rows();
    await recover(200, 1_000);
    expect(await rows()).toBe(before);
  });

  it('that are stopped say when to come back, and are not made to wait longer by trying on', async () => {
    await letThrough(times(3, () => ask('registration-unsolved', '192.0.2.1', 'a@b.example')));
    const first = await ask('registration-unsolved', '192.0.2.1', 'a@b.example');
    expect(first).toMatchObject({ allowed: false, first: true });
    const next = await ask('registration-unsolved', '192.0.2.1', 'a@b.example');
    expect(next).toMatchObject({ allowed: false, first: false });
    if (first.allowed || next.allowed) return;
    expect(first.retryAfterSeconds).toBeLessThanOrEqual(3600);
    expect(next.retryAfterSeconds).toBeLessThanOrEqual(first.retryAfterSeconds);
    await passTime(HOUR + 1000);
    expect(await ask('registration-unsolved', '192.0.2.1', 'a@b.example')).toEqual({
      allowed: true,
    });
  });

  it('are kept as digests: neither names nor addresses can be read from them', async () => {
    await ask('recovery', '192.0.2.1', 'alice');
    const rows = await db.database.query<{ key: string }>('SELECT key FROM throttles');
    expect(rows).toHaveLength(4);
    for (const { key } of rows) expect(key).toMatch(/^[\w-]+:[0-9a-f]{64}$/);
  });
});
