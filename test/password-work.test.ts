import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { type ClientRequest, request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { ldapTo, useLieu } from './ldap/support/directory.ts';
import { Browser, type Page } from './support/browser.ts';
import { type BuiltCommunity, buildCommunity, buildMember, PASSWORD } from './support/factories.ts';

/** Places of one network, and of one community (`src/domain/people/passwords.ts`). */
const [OF_NETWORK, OF_COMMUNITY] = [100, 128];
const FLOOD = 60;

const { hub, lieu } = useLieu(
  { slug: 'lamyne' },
  {
    env: { TROUSSEAU_ROLES: 'web,ldap', TROUSSEAU_TRUSTED_PROXIES: '127.0.0.0/8, ::1/128' },
    hashesAnew: true,
  },
);
const open: ClientRequest[] = [];
afterEach(async () => {
  const ended = open.splice(0).map((each) => {
    const closed = new Promise((resolve) => each.once('close', resolve));
    each.destroy();
    return each.closed ? undefined : closed;
  });
  await Promise.all(ended);
});

/** Announces a form, and sends nothing of it. */
async function announce(path: string, headers: Record<string, string>): Promise<void> {
  const sent = request(`${hub.url}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': '500',
      ...headers,
    },
  });
  open.push(sent.on('error', () => {}));
  sent.flushHeaders();
  const [socket] = await once(sent, 'socket');
  if (socket.connecting) await once(socket, 'connect');
}

const from = (ip: string) => new Browser({ headers: { 'x-forwarded-for': ip } });
let names = 0;

async function signIn(
  visitor: Browser,
  community: Pick<BuiltCommunity, 'slug'>,
  username = `nobody-${names++}`,
  password = 'not this one',
): Promise<Page> {
  const page = await visitor.open(`${hub.url}/c/${community.slug}/login`);
  return visitor.submit(page, '#login-form', { username, password });
}
const isIn = ({ document }: Page) => document.querySelector('h1')?.text === 'Mes services';

/** Announces forms until there is no place left for somebody at an address. */
async function fill(
  count: number,
  addressOf: (n: number) => string,
  ip = addressOf(0),
): Promise<Page> {
  for (let n = 0; ; n += 1) {
    if (n < count) await announce('/c/lamyne/login', { 'x-forwarded-for': addressOf(n) });
    if (n < count - 1) continue;
    const page = await signIn(from(ip), lieu.community);
    if (page.status === 503) return page;
    // A try may have had the last place when a form came for it.
    await announce('/c/lamyne/login', { 'x-forwarded-for': addressOf(n) });
  }
}

describe('work on passwords', () => {
  it('has a place before anything of a form is read, and is refused in words where there is none', async () => {
    const page = await fill(OF_NETWORK, () => '192.0.2.1');
    expect(Number(page.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(page.document.querySelector('h1')?.text).toBeTruthy();
    // The same for a member and for nobody, whatever they type.
    const answers = [];
    for (const [name, password] of [
      ['alice', PASSWORD],
      ['alice', 'not this one'],
      ['nobody', 'not this one'],
    ] as const) {
      const { status, headers, document } = await signIn(
        from('192.0.2.1'),
        lieu.community,
        name,
        password,
      );
      const words = document.querySelector('main')?.text.replace(/[0-9a-f]{8}/g, '');
      answers.push({ status, words, headers: [...headers.keys()].sort() });
    }
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
    expect(answers[0]?.status).toBe(503);
    // Others have theirs: another network here, and the same network in another community.
    expect(isIn(await signIn(from('192.0.2.2'), lieu.community, 'alice', PASSWORD))).toBe(true);
    const elsewhere = await buildCommunity(hub.database);
    const member = await buildMember(hub.database, elsewhere.id);
    expect(isIn(await signIn(from('192.0.2.1'), elsewhere, member.username, PASSWORD))).toBe(true);
  });

  it('is free again when whoever held it is gone', async () => {
    await fill(OF_NETWORK, () => '192.0.2.3');
    for (const each of open) each.destroy();
    for (;;) {
      const page = await signIn(from('192.0.2.3'), lieu.community, 'alice', PASSWORD);
      if (page.status !== 503) return expect(isIn(page)).toBe(true);
    }
  });

  it('of a community that is full goes to networks that have none, and first to browsers that are known', async () => {
    const known = from('192.0.2.10');
    expect(isIn(await signIn(known, lieu.community, 'bob', PASSWORD))).toBe(true);
    // Signed out, the browser keeps its note of the account.
    for (const { key, path } of await known.jar.getCookies(hub.url, { allPaths: true })) {
      if (key.includes('session'))
        await known.jar.setCookie(`${key}=; Path=${path}; Max-Age=0`, hub.url);
    }
    await fill(OF_COMMUNITY, (n) => `198.51.100.${n}`, '203.0.113.1');
    expect(isIn(await signIn(known, lieu.community, 'bob', PASSWORD))).toBe(true);
    const elsewhere = await buildCommunity(hub.database);
    const member = await buildMember(hub.database, elsewhere.id);
    expect(isIn(await signIn(from('203.0.113.3'), elsewhere, member.username, PASSWORD))).toBe(
      true,
    );
  });

  it('over LDAP is refused as busy, and never as a wrong password', async () => {
    await fill(OF_NETWORK, () => '127.0.0.1');
    const client = await ldapTo(hub);
    for (const [dn, password] of [
      [lieu.dnOf(lieu.alice), PASSWORD],
      [lieu.dnOf(lieu.alice), 'not this one'],
      [`uid=nobody,ou=people,${lieu.base}`, 'not this one'],
    ] as const) {
      expect((await client.bind(dn, password)).code).toBe(51);
    }
    client.close();
  });

  it('is for a member two pieces at once: sixty posts of a new password hold nobody up', async () => {
    const greedy = from('192.0.2.20');
    await signIn(greedy, lieu.community, 'alice', PASSWORD);
    const page = await greedy.open(`${hub.url}/c/lamyne/account/password`);
    const csrf = page.document
      .querySelector('#password-form input[name=csrf]')
      ?.getAttribute('value');
    const body = new URLSearchParams({
      csrf: csrf ?? '',
      password: 'sept oignons et une brouette',
    });
    const post = () =>
      greedy.send(page.url, {
        method: 'POST',
        body: body.toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
    const answers = await Promise.all(Array.from({ length: 60 }, post));
    const refused = answers.filter(({ status }) => status === 503);
    expect(refused.length).toBeGreaterThan(30);
    for (const each of refused) expect(Number(each.headers.get('retry-after'))).toBeGreaterThan(0);
    const taken = answers.filter(({ status }) => status !== 503);
    expect(taken.length).toBeGreaterThan(0);
    // The first that was taken ended the session that the others rested on, or they are as good.
    for (const { status } of taken) expect([303, 302]).toContain(status);
  });

  it('of one community keeps no other waiting: a right sign-in is answered in the midst of a flood', async () => {
    const flooded = await buildCommunity(hub.database);
    const elsewhere = await buildCommunity(hub.database);
    const member = await buildMember(hub.database, elsewhere.id);
    const single = from('192.0.2.30');
    const form = await single.open(`${hub.url}/c/${elsewhere.slug}/login`);
    // The pages are fetched before, so that the posts come together.
    const flood = await Promise.all(
      Array.from({ length: FLOOD }, async (_, n) => {
        const visitor = from(`198.18.${n}.1`);
        return { visitor, page: await visitor.open(`${hub.url}/c/${flooded.slug}/login`) };
      }),
    );
    let answered = 0;
    const all = flood.map(({ visitor, page }) =>
      visitor
        .submit(page, '#login-form', { username: `name-${names++}`, password: 'wrong' })
        .finally(() => {
          answered += 1;
        }),
    );
    await Promise.race(all);
    const before = answered;
    const fields = { username: member.username, password: PASSWORD };
    expect(isIn(await single.submit(form, '#login-form', fields))).toBe(true);
    // It waited for some of them, and not for all that stood in line before it.
    expect(answered - before).toBeLessThan(FLOOD / 2);
    for (const page of await Promise.all(all)) expect([400, 503]).toContain(page.status);
  });
});

it('nothing that serves people hashes a password without a place for it', async () => {
  const folders = ['pages', 'protocols'];
  const files = (
    await Promise.all(
      folders.map(async (folder) =>
        (
          await readdir(`src/${folder}`, { recursive: true })
        ).map((file) => `src/${folder}/${file}`),
      ),
    )
  ).flat();
  const faulty = [];
  for (const file of files.filter((each) => each.endsWith('.ts'))) {
    const text = await readFile(file, 'utf8');
    if (/\b(?:hashPassword|checkPassword|createHashThreads|createStrengthMeter)\b/.test(text)) {
      faulty.push(file);
    }
  }
  expect(faulty).toEqual([]);
});
