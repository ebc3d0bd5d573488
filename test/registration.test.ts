import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CommunityChange } from '../src/domain/communities/save-communities.ts';
import { mintLink } from '../src/domain/links/link-store.ts';
import { createThrottles } from '../src/platform/throttles/throttles.ts';
import { Browser } from './support/browser.ts';
import {
  type BuiltCommunity,
  buildCommunity,
  buildMember,
  buildService,
  changeCommunity,
  PASSWORD,
} from './support/factories.ts';
import {
  askToRegister,
  faultsOf,
  linkIn,
  mailsTo,
  NEW_PASSWORD,
  openRegistration,
  requestsDone,
  solve,
} from './support/newcomers.ts';
import { useHub } from './support/use-hub.ts';

const hub = useHub({ env: { TROUSSEAU_TRUSTED_PROXIES: '127.0.0.0/8, ::1/128' } });
let lieu: BuiltCommunity;
let issuer: string;

beforeEach(() => open());

/** Another community for each test: nothing is left of the one before. */
async function open(values: Partial<CommunityChange> = {}) {
  lieu = await buildCommunity(hub.database, { registration: 'open', ...values });
  issuer = `${hub.url}/c/${lieu.slug}`;
  await hub.app.settle();
}

const from = (ip: string) => ({
  'x-forwarded-for': ip,
  'x-forwarded-host': new URL(hub.url).host,
});

/** What the form says to one with this answer to a challenge. */
async function answered(ip: string, challenge: string, n: number): Promise<Response> {
  const browser = new Browser({ headers: from(ip) });
  const page = await browser.open(`${issuer}/register`);
  const csrf = page.document
    .querySelector('#register-form input[name=csrf]')
    ?.getAttribute('value');
  const fields = { csrf: csrf ?? '', email: `d${n}@exemple.fr`, challenge };
  return browser.send(`${issuer}/register`, { method: 'POST', body: new URLSearchParams(fields) });
}

const mails = (to: string) => mailsTo(hub.database, lieu.id, to);
const behindLink = (email: string, browser?: Browser) =>
  openRegistration({ database: hub.database, issuer }, lieu.id, email, browser);
const member = async (username: string) => {
  const [row] = await hub.database.query(
    `SELECT m.*, e.verified_at, e.proven_at, p.password_hash FROM memberships m JOIN persons p ON p.id = m.person_id
     LEFT JOIN person_emails e ON e.person_id = m.person_id AND e.address = m.email
     WHERE m.community_id = $1 AND m.username_key = $2`,
    [lieu.id, username],
  );
  return row;
};
const details = (username: string) => ({
  username,
  display_name: 'Camille 🌻',
  password: NEW_PASSWORD,
});
const ask = async (text: string, required = true) => {
  const asked = () =>
    hub.database.query<{ id: string; text: string; required: boolean }>(
      'SELECT id, text, required FROM registration_questions WHERE community_id = $1 ORDER BY position',
      [lieu.id],
    );
  const before = (await asked()).map((each) => ({ text: each.text, required: each.required }));
  await changeCommunity(hub, lieu, { questions: [...before, { text, required }] });
  return `answer-${(await asked()).at(-1)?.id}`;
};

describe('asking to register', () => {
  it('sends a link to an address that nobody has', async () => {
    const page = await askToRegister(issuer, 'Camille@Exemple.fr');
    expect(new URL(page.url).pathname).toMatch(/\/register\/sent$/);
    expect(page.document.querySelector('h1')?.text).toBe('Regardez votre messagerie');
    await requestsDone(hub.database, lieu.id);
    expect(await mails('Camille@Exemple.fr')).toMatchObject([
      { template: 'registration', locale: 'fr', issuerUrl: issuer, link: { kind: 'registration' } },
    ]);
  });

  it('says the same for the address of a member, who is told that they have an account', async () => {
    const known = await buildMember(hub.database, lieu.id);
    const bodies = [];
    for (const email of [known.email.toUpperCase(), 'nobody@exemple.fr']) {
      const page = await askToRegister(issuer, email);
      expect(page.status).toBe(200);
      bodies.push(page.text.replace(/value="[\w-]{43,}"/g, ''));
    }
    expect(bodies[0]).toBe(bodies[1]);
    await requestsDone(hub.database, lieu.id);
    expect(await mails(known.email.toUpperCase())).toMatchObject([
      { template: 'registration-known', data: { standing: 'member' } },
    ]);
    expect((await mails(known.email.toUpperCase()))[0]).not.toHaveProperty('link');
  });

  it('writes to one address once in a while, however often somebody asks', async () => {
    for (const email of ['bombe@exemple.fr', 'BOMBE@exemple.fr', 'bombe@exemple.fr'])
      await askToRegister(issuer, email);
    await requestsDone(hub.database, lieu.id);
    const all = [...(await mails('bombe@exemple.fr')), ...(await mails('BOMBE@exemple.fr'))];
    expect(all).toHaveLength(1);
  });

  it('takes no more than some requests for one address, with a page that says when to come back', async () => {
    let page = await askToRegister(issuer, 'encore@exemple.fr');
    for (let count = 0; count < 8 && page.status !== 429; count += 1)
      page = await askToRegister(issuer, 'encore@exemple.fr');
    expect(page.status).toBe(429);
    expect(Number(page.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(page.document.querySelector('#fault')?.text).toMatch(/Réessayez dans \d+ minutes/);
    expect(page.document.querySelector('#email')?.getAttribute('value')).toBe('encore@exemple.fr');
  });

  it('takes a few requests an hour from one network when nothing was counted', async () => {
    const browser = new Browser({
      headers: { 'x-forwarded-for': '192.0.2.7', 'x-forwarded-host': new URL(hub.url).host },
    });
    const send = async (n: number, challenge = '') =>
      browser.submit(await browser.open(`${issuer}/register`), '#register-form', {
        email: `n${n}@exemple.fr`,
        challenge,
      });
    for (const n of [1, 2, 3]) expect((await send(n)).status).toBe(200);
    expect((await send(4)).status).toBe(429);
    expect((await send(5, 'bm9uc2Vuc2U=')).status).toBe(429);
    expect((await browser.open(`${issuer}/register`)).text).toContain('Sans JavaScript');
  });

  it('gives one network so many challenges, to its own pages, and looks at their answers all the same', async () => {
    const challenge = await solve(issuer);
    const ask = (headers = {}) =>
      fetch(`${issuer}/challenge`, { headers: { ...from('192.0.2.8'), ...headers } });
    // Pictures on a page of somebody else's.
    const elsewhere = Array.from({ length: 20 }, () => ask({ 'sec-fetch-site': 'cross-site' }));
    for (const { status } of await Promise.all(elsewhere)) expect(status).toBe(403);
    const given: Response[] = [];
    for (let n = 0; n < 31; n += 1)
      given.push(...(await Promise.all(Array.from({ length: 10 }, () => ask()))));
    const refused = given.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(10);
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
    for (const [n, answer] of ['', '', '', challenge].entries())
      expect([n, (await answered('192.0.2.8', answer, n)).status]).toEqual([n, 303]);
  });

  it('looks at no more than so many answers of one network, and takes those beyond for none', async () => {
    const throttles = createThrottles(hub.database.pool, hub.sealer);
    const looked = { communityId: lieu.id, ip: '198.51.100.9' };
    for (let n = 0; n < 30; n += 1)
      await Promise.all(
        Array.from({ length: 10 }, () => throttles.request('challenge-answer', looked)),
      );
    const challenge = await solve(issuer);
    for (const [n, status] of [303, 303, 303, 429].entries()) {
      const answer = await answered('198.51.100.9', challenge, n);
      expect([n, answer.status]).toEqual([n, status]);
      // There is nothing to wait for where it went on.
      expect(answer.headers.has('retry-after')).toBe(status === 429);
    }
    // Nobody has looked at it, nor used it up.
    for (const [n, answer] of ['', '', '', challenge].entries())
      expect([n, (await answered('203.0.113.200', answer, 10 + n)).status]).toEqual([n, 303]);
  });

  it.each([
    ['', /Indiquez votre adresse/],
    ['camille', /pas la bonne forme/],
    ['a@b\u202e.fr', /pas la bonne forme/],
    [`${'x'.repeat(10_000)}@exemple.fr`, /pas la bonne forme/],
    ['a@exemple.fr\r\nBcc: b@exemple.fr', /pas la bonne forme/],
  ])('says what is wrong with the address %#', async (email, words) => {
    const browser = new Browser();
    const page = await browser.submit(await browser.open(`${issuer}/register`), '#register-form', {
      email,
    });
    expect(page.status).toBe(400);
    expect(page.document.querySelector('#fault-email')?.text).toMatch(words);
    expect(page.document.querySelector('#error-summary a')?.getAttribute('href')).toBe('#email');
    expect(page.text.length).toBeLessThan(20_000);
  });

  it.each([
    ['closed', 'Les inscriptions sont fermées'],
    ['invitation', 'On entre ici sur invitation'],
  ] as const)(
    'is not possible where registration is %s, and the page says so',
    async (registration, title) => {
      await open({ registration, contact: 'aide@lieu.example' });
      const page = await new Browser().open(`${issuer}/register`);
      expect(page.document.querySelector('h1')?.text).toBe(title);
      expect(page.text).toContain('mailto:aide@lieu.example');
      const { page: behind } = await behindLink('camille@exemple.fr');
      expect(behind.status).toBe(403);
      expect(behind.document.querySelector('h1')?.text).toBe(title);
    },
  );

  it('is for those who are not signed in', async () => {
    const known = await buildMember(hub.database, lieu.id);
    const browser = new Browser();
    await browser.submit(await browser.open(`${issuer}/login`), '#login-form', {
      username: known.username,
      password: PASSWORD,
    });
    expect((await browser.open(`${issuer}/register`)).url).toBe(`${issuer}/`);
  });
});

describe('behind the link', () => {
  it('somebody becomes a member and is signed in, with the address proven', async () => {
    const { browser, page } = await behindLink('camille@exemple.fr');
    expect(page.document.querySelector('#username')?.getAttribute('value')).toBe('camille');
    expect(page.document.querySelector('main')?.text).toContain('camille@exemple.fr');
    const home = await browser.submit(page, '#newcomer-form', {
      ...details('camille'),
      given_name: 'Camille',
    });
    expect(home.document.querySelector('h1')?.text).toBe('Mes services');
    expect(await member('camille')).toMatchObject({
      status: 'active',
      role: 'member',
      email: 'camille@exemple.fr',
      display_name: 'Camille 🌻',
      given_name: 'Camille',
      family_name: null,
      locale: 'fr',
      verified_at: expect.any(Date),
      proven_at: expect.any(Date),
    });
  });

  it('opening it changes nothing, and it is good for one account', async () => {
    const { browser, page, url } = await behindLink('sasha@exemple.fr');
    for (let count = 0; count < 3; count += 1) await new Browser().open(url);
    await browser.submit(page, '#newcomer-form', details('sasha'));
    const again = await new Browser().open(url);
    expect(again.status).toBe(404);
    expect(again.document.querySelector('h1')?.text).toBe('Ce lien n’est plus valable');
    const other = new Browser();
    await other.open(`${issuer}/login`);
    const twice = await other.submit({ ...page, url }, '#newcomer-form', {
      ...details('sasha2'),
      csrf: (await other.open(`${issuer}/login`)).document
        .querySelector('input[name=csrf]')
        ?.getAttribute('value') as string,
    });
    expect(twice.status).toBe(404);
    expect(await member('sasha2')).toBeUndefined();
  });

  it('sent twice at once, on two processes, it makes one account', async () => {
    const twin = await hub.sibling();
    try {
      const { browser, page, url } = await behindLink('deux@exemple.fr');
      const body = new URLSearchParams({
        csrf: page.document.querySelector('[name=csrf]')?.getAttribute('value') as string,
      });
      const cookie = await browser.jar.getCookieString(url);
      const post = (base: string, username: string) =>
        fetch(url.replace(hub.url, base), {
          method: 'POST',
          redirect: 'manual',
          headers: {
            cookie,
            'content-type': 'application/x-www-form-urlencoded',
            'x-forwarded-host': new URL(hub.url).host,
            'x-forwarded-for': '198.51.100.9',
          },
          body: `${body}&${new URLSearchParams(details(username))}`,
        });
      const answers = await Promise.all([post(hub.url, 'deux-un'), post(twin.url, 'deux-deux')]);
      expect(answers.map(({ status }) => status).sort()).toEqual([303, 303]);
      const [row] = await hub.database.query(
        `SELECT count(*)::int AS n FROM memberships WHERE community_id = $1`,
        [lieu.id],
      );
      expect(row.n).toBe(1);
    } finally {
      await twin.stop();
    }
  });

  it('two who want one username at once: one gets it, the other chooses again with the same link', async () => {
    const [one, two] = await Promise.all([
      behindLink('un@exemple.fr'),
      behindLink('zwei@exemple.fr'),
    ]);
    const pages = await Promise.all([
      one.browser.submit(one.page, '#newcomer-form', details('nour')),
      two.browser.submit(two.page, '#newcomer-form', details('Nour')),
    ]);
    expect(pages.map(({ status }) => status).sort()).toEqual([200, 400]);
    const [late, page] = pages[0].status === 400 ? [one, pages[0]] : [two, pages[1]];
    expect(faultsOf(page)).toEqual({
      username: 'Cet identifiant est déjà pris. Choisissez-en un autre.',
    });
    expect(page.document.querySelector('#display_name')?.getAttribute('value')).toBe('Camille 🌻');
    const home = await late.browser.submit(page, '#newcomer-form', {
      username: 'nour2',
      password: NEW_PASSWORD,
    });
    expect(home.document.querySelector('h1')?.text).toBe('Mes services');
  });

  it('says beside each field what is wrong with it, and keeps what was typed but the password', async () => {
    const question = await ask('Qui vous a parlé de nous ?');
    await buildMember(hub.database, lieu.id, { username: 'alice' });
    const { browser, page } = await behindLink('faute@exemple.fr');
    const refused = await browser.submit(page, '#newcomer-form', {
      username: 'a1ice',
      display_name: 'x'.repeat(10_000),
      given_name: 'Ali\u202ece',
      family_name: 'Martin',
      password: 'court',
      [question]: '  ',
    });
    expect(refused.status).toBe(400);
    // The name of another is looked for once all else is fine.
    expect(Object.keys(faultsOf(refused)).sort()).toEqual(
      ['display_name', 'given_name', 'password', question].sort(),
    );
    expect(
      refused.document
        .querySelectorAll('#error-summary a')
        .map((link) => link.getAttribute('href')),
    ).toContain('#display_name');
    expect(refused.document.querySelector('#family_name')?.getAttribute('value')).toBe('Martin');
    expect(refused.document.querySelector('#password')?.getAttribute('value')).toBeUndefined();
    expect(refused.text).not.toContain('court"');
    expect(refused.text.length).toBeLessThan(20_000);
    const lookalike = await browser.submit(refused, '#newcomer-form', {
      ...details('a1ice'),
      given_name: '',
      [question]: 'Sam',
    });
    expect(faultsOf(lookalike)).toEqual({ username: expect.stringMatching(/ressemble trop/) });
    expect(lookalike.document.querySelector(`[id="${question}"]`)?.text).toBe('Sam');
  });

  it('nothing is taken from a form of another site, or without its token', async () => {
    const { browser, page, url } = await behindLink('croisee@exemple.fr');
    const without = await browser.submit(page, '#newcomer-form', {
      ...details('croisee'),
      csrf: '',
    });
    expect(without.status).toBe(403);
    const foreign = await browser.send(url, {
      method: 'POST',
      headers: {
        origin: 'https://evil.example',
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams(details('croisee')).toString(),
    });
    expect(foreign.status).toBe(403);
    expect(await member('croisee')).toBeUndefined();
  });

  it.each(['x', 'A'.repeat(43), 'A'.repeat(5_000), randomBytes(32).toString('base64url')])(
    'a link that never was says so %#',
    async (token) => {
      const page = await new Browser().open(`${issuer}/register/${token}`);
      expect(page.status).toBe(404);
      expect(page.document.querySelector('h1')?.text).toBe('Ce lien n’est plus valable');
    },
  );

  it('another community’s link, an expired one and one for something else open nothing', async () => {
    const neighbour = await buildCommunity(hub.database, { registration: 'open' });
    const link = { kind: 'registration', email: 'a@exemple.fr', hours: 24 } as const;
    const tokens = [
      await mintLink(hub.database, neighbour.id, link),
      await mintLink(hub.database, lieu.id, { ...link, hours: -1 }),
      await mintLink(hub.database, lieu.id, { ...link, kind: 'verification' }),
    ];
    for (const token of tokens)
      expect((await new Browser().open(`${issuer}/register/${token}`)).status).toBe(404);
  });
});

it('the link in the mail leads all the way in', async () => {
  const email = 'tout-du-long@exemple.fr';
  const browser = new Browser();
  await askToRegister(issuer, email, browser);
  const page = await browser.open(await linkIn(hub, email));
  const home = await browser.submit(page, '#newcomer-form', details('tout-du-long'));
  expect(home.document.querySelector('h1')?.text).toBe('Mes services');
  expect(await member('tout-du-long')).toMatchObject({ email, proven_at: expect.any(Date) });
});

describe('by approval', () => {
  beforeEach(() => open({ registration: 'approval' }));

  it('somebody waits for an admin, who is told, and can do nothing meanwhile', async () => {
    const question = await ask('Que savez-vous réparer ?');
    const boss = await buildMember(hub.database, lieu.id, { role: 'owner' });
    await buildMember(hub.database, lieu.id, { role: 'admin', status: 'suspended' });
    await buildService(hub, lieu);
    const { browser, page } = await behindLink('attente@exemple.fr');
    const done = await browser.submit(page, '#newcomer-form', {
      ...details('attente'),
      [question]: 'Les vélos',
    });
    expect(new URL(done.url).pathname).toMatch(/\/register\/requested$/);
    expect(done.document.querySelector('#register-requested')).not.toBeNull();
    expect(await member('attente')).toMatchObject({ status: 'requested' });
    expect(await mails(boss.email)).toMatchObject([
      { template: 'request-received', data: { username: 'attente', displayName: 'Camille 🌻' } },
    ]);
    const events = await hub.database.query(
      `SELECT type FROM events WHERE community_id = $1 AND type LIKE 'member.%' AND actor <> 'cli' ORDER BY id`,
      [lieu.id],
    );
    expect(events.map(({ type }) => type)).toEqual(['member.created', 'member.requested']);
    const login = await browser.submit(await browser.open(`${issuer}/login`), '#login-form', {
      username: 'attente',
      password: NEW_PASSWORD,
    });
    expect(login.status).toBe(403);
    expect(login.document.querySelector('h1')?.text).toBe('Votre demande attend une réponse');
  });

  it('asking again tells the address that the request is being looked at', async () => {
    const { browser, page } = await behindLink('patience@exemple.fr');
    await browser.submit(page, '#newcomer-form', details('patience'));
    await askToRegister(issuer, 'patience@exemple.fr');
    await requestsDone(hub.database, lieu.id);
    expect(await mails('patience@exemple.fr')).toMatchObject([
      { template: 'registration-known', data: { standing: 'requested' } },
    ]);
  });
});

describe('coming back', () => {
  it('whoever left may register again, as somebody new whose old name nobody gets', async () => {
    const left = await buildMember(hub.database, lieu.id, {
      status: 'left',
      username: 'revenante',
    });
    await askToRegister(issuer, left.email);
    await requestsDone(hub.database, lieu.id);
    expect(await mails(left.email)).toMatchObject([{ template: 'registration' }]);
    const { browser, page } = await behindLink(left.email);
    const refused = await browser.submit(page, '#newcomer-form', details('revenante'));
    expect(faultsOf(refused)).toHaveProperty('username');
    await browser.submit(refused, '#newcomer-form', details('revenue'));
    const now = await member('revenue');
    expect(now).toMatchObject({ status: 'active', email: left.email });
    expect(now.subject).not.toBe(left.subject);
    expect(await member('revenante')).toMatchObject({ status: 'left', email: null });
  });
});
