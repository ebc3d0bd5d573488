import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser, type Page } from '../support/browser.ts';
import {
  type BuiltCommunity,
  type BuiltMember,
  buildCommunity,
  buildMember,
  PASSWORD,
} from '../support/factories.ts';
import { startHub, type TestHub } from '../support/hub.ts';

let hub: TestHub;
let community: BuiltCommunity;
let member: BuiltMember;
let suspended: BuiltMember;

beforeAll(async () => {
  hub = await startHub({ TROUSSEAU_TRUSTED_PROXIES: '127.0.0.0/8' }, undefined, {
    hashesAnew: true,
  });
  community = await buildCommunity(hub.database);
  member = await buildMember(hub.database, community.id);
  suspended = await buildMember(hub.database, community.id, { status: 'suspended' });
});
afterAll(() => hub.stop());

async function attempt(address: string, username: string, password = 'wrong'): Promise<Page> {
  const visitor = new Browser({ headers: { 'x-forwarded-for': address } });
  const page = await visitor.open(`${hub.url}/c/${community.slug}/login`);
  return visitor.submit(page, '#login-form', { username, password });
}

/** Tries until it is stopped. */
async function exhaust(address: string, username: string): Promise<{ tries: number; page: Page }> {
  for (let tries = 1; tries < 30; tries += 1) {
    const page = await attempt(address, username);
    if (page.status === 429) return { tries, page };
  }
  throw new Error(`${username} was never stopped`);
}

describe('a guesser learns nothing of who is a member', () => {
  it('by when and how the tries are stopped', async () => {
    const names = [
      member.username,
      suspended.username,
      'nobody-of-that-name',
      'nobody@lieu.example',
      member.email,
    ];
    const seen = await Promise.all(
      names.map(async (name, index) => {
        const { tries, page } = await exhaust(`192.0.2.${index + 1}`, name);
        const fault = page.document.querySelector('#fault')?.text;
        return { tries, status: page.status, fault, headers: [...page.headers.keys()].sort() };
      }),
    );
    for (const each of seen) expect(each).toEqual(seen[0]);
  });

  it('by whether two names are stopped together, or one name under two spellings', async () => {
    const people = [
      { name: member.username, also: member.email },
      { name: 'nobody-at-all', also: 'nobody-at-all@lieu.example' },
    ];
    for (const [index, { name, also }] of people.entries()) {
      const address = `192.0.2.${20 + index}`;
      await exhaust(address, name);
      const others = [also, ` ${name} `, name.toUpperCase(), `${name}\u00a0`];
      const statuses = [];
      for (const other of others) statuses.push((await attempt(address, other)).status);
      expect([name, statuses]).toEqual([name, [400, 429, 429, 429]]);
    }
  });

  it('by the work that an attempt makes: a password is hashed for everybody, once', async () => {
    const cases = {
      'wrong password': () => member.username,
      'suspended, wrong password': () => suspended.username,
      'unknown name': (n: number) => `unknown-${n}`,
      'unknown address': (n: number) => `unknown-${n}@lieu.example`,
    };
    const cost: Record<string, number[]> = {};
    for (let round = 0; round < 16; round += 1) {
      for (const [index, [name, login]] of Object.entries(cases).entries()) {
        const visitor = new Browser({
          headers: { 'x-forwarded-for': `198.51.${100 + index}.${round}` },
        });
        const page = await visitor.open(`${hub.url}/c/${community.slug}/login`);
        const before = process.cpuUsage();
        const answer = await visitor.submit(page, '#login-form', {
          username: login(round),
          password: 'wrong',
        });
        const { user, system } = process.cpuUsage(before);
        expect(answer.status).toBe(400);
        // Rounds that warm the process up are not counted.
        if (round > 3) cost[name] = [...(cost[name] ?? []), (user + system) / 1000];
      }
    }
    // Processor time of the whole process, in ms: less at the mercy of a busy machine than the clock.
    const medians = Object.entries(cost).map(([name, values]) => [name, median(values)] as const);
    console.log(medians.map(([name, ms]) => `${name}: ${ms.toFixed(1)} ms`).join(', '));
    const reference = median(cost['wrong password'] ?? []);
    for (const [name, ms] of medians) {
      expect([name, ms / reference > 0.6, ms / reference < 1.6]).toEqual([name, true, true]);
    }
  });
});

describe('the limits', () => {
  it('end by themselves, and are not made longer by trying on', async () => {
    const someone = await buildMember(hub.database, community.id);
    const address = '192.0.2.40';
    const { page } = await exhaust(address, someone.username);
    const first = Number(page.headers.get('retry-after'));
    expect(first).toBeLessThanOrEqual(15 * 60);
    const ends = await expiries();
    for (let count = 0; count < 5; count += 1) {
      const again = await attempt(address, someone.username, PASSWORD);
      expect(again.status).toBe(429);
      expect(Number(again.headers.get('retry-after'))).toBeLessThanOrEqual(first);
    }
    expect(await expiries()).toEqual(ends);
    // A quarter of an hour passes.
    await hub.database.query('UPDATE throttles SET expire = expire - $1', [first * 1000]);
    expect(
      (await attempt(address, someone.username, PASSWORD)).document.querySelector('h1')?.text,
    ).toBe('Mes services');
  });

  it('are not moved by a member’s own sign-ins, however many', async () => {
    const someone = await buildMember(hub.database, community.id);
    for (let count = 0; count < 15; count += 1) {
      const home = await attempt('192.0.2.41', someone.username, PASSWORD);
      expect(home.status).toBe(200);
    }
  });

  it('of one community say nothing of another, where the same name may be somebody else', async () => {
    const elsewhere = await buildCommunity(hub.database);
    const namesake = await buildMember(hub.database, elsewhere.id, { username: 'namesake' });
    await buildMember(hub.database, community.id, { username: 'namesake' });
    await exhaust('192.0.2.42', 'namesake');
    const visitor = new Browser({ headers: { 'x-forwarded-for': '192.0.2.42' } });
    const page = await visitor.open(`${hub.url}/c/${elsewhere.slug}/login`);
    const home = await visitor.submit(page, '#login-form', {
      username: namesake.username,
      password: PASSWORD,
    });
    expect(home.document.querySelector('h1')?.text).toBe('Mes services');
  });

  it('count an IPv6 household as one, whatever address of it is used', async () => {
    const someone = await buildMember(hub.database, community.id);
    for (let count = 1; count <= 10; count += 1) {
      expect((await attempt(`2001:db8:1:2::${count}`, someone.username)).status).toBe(400);
    }
    expect((await attempt('2001:db8:1:2:ffff::1', someone.username, PASSWORD)).status).toBe(429);
    expect((await attempt('2001:db8:1:3::1', someone.username, PASSWORD)).status).toBe(200);
  });

  it('are kept as digests: neither names nor addresses can be read from them', async () => {
    const rows = await hub.database.query<{ key: string }>('SELECT key FROM throttles');
    expect(rows.length).toBeGreaterThan(5);
    for (const { key } of rows) expect(key).toMatch(/^\w+:[0-9a-f]{64}$/);
  });

  it('are not got round by a note of a known device that is another’s, made up or of another community', async () => {
    const someone = await buildMember(hub.database, community.id);
    const stranger = await buildMember(hub.database, community.id);
    const device = new Browser({ headers: { 'x-forwarded-for': '192.0.2.50' } });
    const page = await device.open(`${hub.url}/c/${community.slug}/login`);
    await device.submit(page, '#login-form', { username: stranger.username, password: PASSWORD });
    const note = (await device.jar.getCookies(`${hub.url}/c/${community.slug}`)).find(
      ({ key }) => key === 'trousseau_device',
    )?.value as string;
    expect(note.length).toBeGreaterThan(80);
    await exhaust('192.0.2.51', someone.username);
    for (const value of [note, `${note.slice(0, -4)}AAAA`, 'x', '']) {
      const thief = new Browser({ headers: { 'x-forwarded-for': '192.0.2.51' } });
      const form = await thief.open(`${hub.url}/c/${community.slug}/login`);
      await thief.jar.setCookie(`trousseau_device=${value}; Path=/c/${community.slug}`, hub.url);
      expect(
        (
          await thief.submit(form, '#login-form', {
            username: someone.username,
            password: PASSWORD,
          })
        ).status,
      ).toBe(429);
    }
  });
});

async function expiries(): Promise<string[]> {
  const rows = await hub.database.query<{ line: string }>(
    `SELECT key || ' ' || expire AS line FROM throttles ORDER BY 1`,
  );
  return rows.map(({ line }) => line);
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}
