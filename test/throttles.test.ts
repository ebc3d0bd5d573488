import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser, type Page } from './support/browser.ts';
import {
  type BuiltCommunity,
  type BuiltMember,
  buildCommunity,
  buildMember,
  PASSWORD,
} from './support/factories.ts';
import { startHub, type TestHub } from './support/hub.ts';

let hub: TestHub;
let community: BuiltCommunity;

beforeAll(async () => {
  // The proxy says where each visitor is.
  hub = await startHub({ TROUSSEAU_TRUSTED_PROXIES: '127.0.0.0/8, ::1/128' });
  community = await buildCommunity(hub.database);
});
afterAll(() => hub.stop());

class Visitor extends Browser {
  readonly page: () => Promise<Page>;

  constructor(address: string, base = hub.url) {
    super({ headers: { 'x-forwarded-for': address, 'x-forwarded-host': new URL(hub.url).host } });
    this.page = () => this.open(`${base}/c/${community.slug}/login`);
  }

  async try(username: string, password: string): Promise<Page> {
    return this.submit(await this.page(), '#login-form', { username, password });
  }
}

async function exhaust(member: BuiltMember, address: string): Promise<Page> {
  const attacker = new Visitor(address);
  let page = await attacker.try(member.username, 'wrong');
  for (let count = 0; count < 14 && page.status !== 429; count += 1) {
    page = await attacker.try(member.username, 'wrong');
  }
  return page;
}

describe('a guesser', () => {
  it('is stopped after some wrong passwords, with a page that says when to come back', async () => {
    const member = await buildMember(hub.database, community.id);
    const page = await exhaust(member, '192.0.2.1');
    expect(page.status).toBe(429);
    expect(Number(page.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(page.document.querySelector('#fault')?.text).toMatch(/Trop d’essais/);
    // The right password does not help there any more.
    expect((await new Visitor('192.0.2.1').try(member.username, PASSWORD)).status).toBe(429);
  });

  it('does not lock the member out elsewhere', async () => {
    const member = await buildMember(hub.database, community.id);
    await exhaust(member, '192.0.2.2');
    const page = await new Visitor('198.51.100.9').try(member.username, PASSWORD);
    expect(page.document.querySelector('h1')?.text).toBe('Mes services');
  });

  it('is stopped the same for a name that nobody has', async () => {
    const nobody = { username: 'personne-de-ce-nom' } as BuiltMember;
    const page = await exhaust(nobody, '192.0.2.3');
    expect(page.status).toBe(429);
    expect(page.document.querySelector('#fault')?.text).toMatch(/Trop d’essais/);
  });

  it('does not learn from one address which e-mail address belongs to which name', async () => {
    const member = await buildMember(hub.database, community.id);
    await exhaust(member, '192.0.2.4');
    const visitor = new Visitor('192.0.2.4');
    expect((await visitor.try(member.email, 'wrong')).status).toBe(400);
    expect((await visitor.try('personne@lieu.example', 'wrong')).status).toBe(400);
  });

  it('cannot slip past with a hundred attempts at once', async () => {
    const member = await buildMember(hub.database, community.id);
    const pages = await Promise.all(
      Array.from({ length: 60 }, () => new Visitor('192.0.2.5').try(member.username, 'wrong')),
    );
    expect(pages.filter((page) => page.status !== 429).length).toBeLessThanOrEqual(10);
  });

  it('meets the same limits at another process, and after a restart', async () => {
    const member = await buildMember(hub.database, community.id);
    await exhaust(member, '192.0.2.6');
    const twin = await hub.sibling();
    try {
      const visitor = new Visitor('192.0.2.6', hub.url);
      const page = await visitor.page();
      // The form goes to the other process.
      const body = new URLSearchParams({
        csrf:
          page.document.querySelector('#login-form input[name=csrf]')?.getAttribute('value') ?? '',
        username: member.username,
        password: PASSWORD,
      });
      const response = await fetch(`${twin.url}/c/${community.slug}/login`, {
        method: 'POST',
        redirect: 'manual',
        headers: {
          ...visitor.headers,
          cookie: await visitor.jar.getCookieString(page.url),
          'content-type': 'application/x-www-form-urlencoded',
        },
        body: body.toString(),
      });
      expect(response.status).toBe(429);
    } finally {
      await twin.stop();
    }
  });

  it('who comes from many addresses does not keep the member out, on a known device or a new one', async () => {
    const member = await buildMember(hub.database, community.id);
    const own = new Visitor('203.0.113.1');
    await own.try(member.username, PASSWORD);
    // Signed out, the browser keeps its note of the account.
    const session = (await own.jar.getCookies(hub.url, { allPaths: true })).filter((cookie) =>
      cookie.key.includes('session'),
    );
    for (const cookie of session) {
      await own.jar.setCookie(`${cookie.key}=; Path=${cookie.path}; Max-Age=0`, hub.url);
    }
    for (let count = 0; count < 54; count += 1) {
      await new Visitor(`198.18.${count}.1`).try(member.username, 'wrong');
    }
    // From an address that has done nothing, a member on a new device has a few tries left, and so has a guesser.
    const guesser = new Visitor('203.0.113.66');
    const answers = [];
    for (let count = 0; count < 4; count += 1) {
      answers.push((await guesser.try(member.username, 'wrong')).status);
    }
    expect(answers).toEqual([400, 400, 400, 429]);
    const elsewhere = await new Visitor('203.0.113.77').try(member.username, PASSWORD);
    expect(elsewhere.document.querySelector('h1')?.text).toBe('Mes services');
    const page = await own.try(member.username, PASSWORD);
    expect(page.document.querySelector('h1')?.text).toBe('Mes services');
  });
});

describe('the answer to a wrong sign-in', () => {
  it('is the same, word for word, for unknown, suspended and wrong', async () => {
    const member = await buildMember(hub.database, community.id);
    const suspended = await buildMember(hub.database, community.id, { status: 'suspended' });
    const answers = [
      await new Visitor('192.0.2.101').try(member.username, 'wrong'),
      await new Visitor('192.0.2.102').try(suspended.username, 'wrong'),
      await new Visitor('192.0.2.103').try('inconnue', 'wrong'),
    ];
    const seen = answers.map((page) => ({
      status: page.status,
      fault: page.document.querySelector('#fault')?.text,
      headers: [...page.headers.keys()].sort(),
    }));
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
    expect(seen[0]?.fault).toMatch(/ne convient pas/);
  });

  it('keeps the name that was typed, and not the password', async () => {
    const page = await new Visitor('192.0.2.110').try('quelqu.une', 'un secret à moi');
    expect(page.document.querySelector('#username')?.getAttribute('value')).toBe('quelqu.une');
    expect(page.text).not.toContain('un secret à moi');
  });
});
