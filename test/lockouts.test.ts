import { once } from 'node:events';
import { connect } from 'node:net';
import { parse } from 'node-html-parser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAppPassword } from '../src/domain/app-passwords/app-password.ts';
import {
  type Attempt,
  createSignInThrottle,
  type SignInThrottle,
} from '../src/platform/throttles/sign-in-throttle.ts';
import { buildLieu, type Lieu, READER_PASSWORD } from './ldap/support/directory.ts';
import { type LdapClient, speakLdap } from './ldap/support/ldap-client.ts';
import { Browser } from './support/browser.ts';
import { buildMember, buildService, PASSWORD } from './support/factories.ts';
import { startHub, type TestHub } from './support/hub.ts';

/**
 * Whoever guesses is slowed, and nobody else is shut out by it: on the web and by LDAP, over two processes. Where
 * people are is told by a proxy in front of each; only addresses of this machine may send passwords in clear.
 */
let hub: TestHub;
let twin: TestHub;
let throttle: SignInThrottle;
const open: LdapClient[] = [];

beforeAll(async () => {
  hub = await startHub({
    TROUSSEAU_ROLES: 'web,ldap',
    TROUSSEAU_LDAP_LISTEN: '127.0.0.1:0',
    TROUSSEAU_LDAP_PROXY_PROTOCOL: 'on',
    TROUSSEAU_TRUSTED_PROXIES: '127.0.0.0/8, ::1/128',
  });
  twin = await hub.sibling();
  throttle = createSignInThrottle(hub.database.pool, hub.sealer);
});
afterAll(async () => {
  for (const client of open) client.close();
  await twin?.stop();
  await hub?.stop();
});

let lieux = 0;
/** A lieu whose app is at an address, and people at another one that they share. */
async function lieuWithPeople(): Promise<
  Lieu & { app: string; network: string; people: { username: string; dn: string }[] }
> {
  lieux += 1;
  const lieu = await buildLieu(hub, { slug: `lieu-${lieux}` });
  const people = [];
  for (let n = 0; n < 2; n += 1) {
    const member = await buildMember(hub.database, lieu.community.id);
    people.push({ username: member.username, dn: lieu.dnOf(member) });
  }
  await Promise.all([hub.app.settle(), twin.app.settle()]);
  return { ...lieu, people, app: `127.0.${lieux}.1`, network: `127.0.${lieux}.2` };
}

async function ldapFrom(ip: string, of = hub): Promise<LdapClient> {
  const port = of.app.ldap?.address?.port as number;
  const socket = connect({ host: '127.0.0.1', port });
  await once(socket, 'connect');
  socket.write(`PROXY TCP4 ${ip} 127.0.0.1 50000 389\r\n`);
  const client = speakLdap(socket);
  open.push(client);
  return client;
}
const bindFrom = async (ip: string, dn: string, password: string, of = hub) => {
  const client = await ldapFrom(ip, of);
  const { code } = await client.bind(dn, password);
  client.close();
  return code;
};
async function readerFrom({ app, cloud }: { app: string; cloud: Lieu['cloud'] }, of = hub) {
  const client = await ldapFrom(app, of);
  expect((await client.bind(cloud.readerDn, READER_PASSWORD)).code).toBe(0);
  return client;
}

type Answer = { status: number; location: string | null; text: string };

/** The page comes from the one process, and its form goes to the other where that is asked for. */
async function webFrom(
  ip: string,
  { community }: Lieu,
  username: string,
  password: string,
  of = hub,
): Promise<Answer> {
  const browser = new Browser({
    headers: { 'x-forwarded-for': ip, 'x-forwarded-host': new URL(hub.url).host },
  });
  const path = `/c/${community.slug}/login`;
  const page = await browser.open(`${hub.url}${path}`);
  const csrf = page.document.querySelector('#login-form input[name=csrf]')?.getAttribute('value');
  const answer = await fetch(`${of.url}${path}`, {
    method: 'POST',
    redirect: 'manual',
    headers: {
      ...browser.headers,
      cookie: await browser.jar.getCookieString(page.url),
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams({ csrf: csrf ?? '', username, password }).toString(),
  });
  const { status, headers } = answer;
  return { status, location: headers.get('location'), text: await answer.text() };
}
const isIn = ({ status, location }: Answer) => status === 303 && !location?.includes('/login');

/** So many wrong passwords for as many names. */
async function exhaust(tries: number, at: Pick<Attempt, 'communityId' | 'ip' | 'app'>) {
  const names = Array.from({ length: tries }, (_, n) => `nobody-${n}`);
  await Promise.all(
    names.map((name) => throttle.attempt({ ...at, name, account: name, isNobody: true })),
  );
}

/** Everybody of a lieu gets in: by the app, by LDAP and the web from the shared address, on both processes. */
async function expectAllIn(lieu: Awaited<ReturnType<typeof lieuWithPeople>>): Promise<void> {
  for (const process of [hub, twin]) {
    const reader = await readerFrom(lieu, process);
    for (const { dn } of lieu.people) expect((await reader.bind(dn, PASSWORD)).code).toBe(0);
    const visits = lieu.people.flatMap(({ dn, username }) =>
      [lieu.app, lieu.network].map(async (ip) => [
        await bindFrom(ip, dn, PASSWORD, process),
        isIn(await webFrom(ip, lieu, username, PASSWORD, process)),
      ]),
    );
    for (const each of await Promise.all(visits)) expect(each).toEqual([0, true]);
  }
}

describe('an app’s wrong passwords', () => {
  it('do not lock it out: a telephone with an old one keeps nobody else from it, nor from the web', async () => {
    const lieu = await lieuWithPeople();
    const [alice, bob] = [lieu.dnOf(lieu.alice), lieu.dnOf(lieu.bob)];
    // The same old password all day, and others' many: more than one address may have of both.
    const app = { service: lieu.cloud.id };
    await exhaust(100, { communityId: lieu.community.id, ip: lieu.app, app });
    await Promise.all(
      Array.from({ length: 4 }, async (_, device) => {
        const reader = await readerFrom(lieu);
        for (let n = 0; n < 8; n += 1) {
          expect((await reader.bind(alice, 'an old one')).code).toBe(49);
          expect((await reader.bind(bob, `wrong ${device} ${n}`)).code).toBe(49);
        }
      }),
    );
    const reader = await readerFrom(lieu);
    await expectAllIn(lieu);
    // The old password was one failure; 32 different ones are guessing.
    expect((await reader.bind(alice, PASSWORD)).code).toBe(0);
    expect((await reader.bind(bob, PASSWORD)).code).toBe(49);
    expect(isIn(await webFrom(lieu.network, lieu, 'bob', PASSWORD))).toBe(true);
  });

  it('do not lock it out where it opens a connection for each person, on whichever process', async () => {
    const lieu = await lieuWithPeople();
    (await readerFrom(lieu)).close();
    await exhaust(100, { communityId: lieu.community.id, ip: lieu.app, app: {} });
    const guesses = Array.from({ length: 4 }, async (_, name) => {
      const dn = `uid=nobody-${name},ou=people,${lieu.base}`;
      for (let n = 0; n < 11; n += 1) {
        expect(await bindFrom(lieu.app, dn, `wrong ${n}`, n % 2 === 0 ? hub : twin)).toBe(49);
      }
    });
    await Promise.all(guesses);
    await expectAllIn(lieu);
  });

  it('of its own reader do not lock it out when the secret is set right', async () => {
    const lieu = await lieuWithPeople();
    (await readerFrom(lieu)).close();
    for (let n = 0; n < 24; n += 1)
      expect(await bindFrom(lieu.app, lieu.cloud.readerDn, 'that of last year', twin)).toBe(49);
    await expectAllIn(lieu);
  });

  it('keep no app password out, whatever was tried before', async () => {
    const lieu = await lieuWithPeople();
    const alice = lieu.dnOf(lieu.alice);
    const { secret } = await hub.database.transaction((tx) =>
      createAppPassword(
        tx,
        lieu.community.id,
        { subject: lieu.alice.subject, serviceId: lieu.cloud.id, name: 'phone' },
        'cli',
      ),
    );
    await Promise.all([hub.app.settle(), twin.app.settle()]);
    for (let n = 0; n < 12; n += 1) await bindFrom(lieu.network, alice, `wrong ${n}`);
    expect(await bindFrom(lieu.network, alice, PASSWORD)).toBe(49);
    for (const process of [hub, twin])
      expect(await bindFrom(lieu.network, alice, secret, process)).toBe(0);
  });
});

describe('somebody who guesses from an address that many people share', () => {
  it('shuts nobody out there: by LDAP as on the web, after many names on either', async () => {
    const lieu = await lieuWithPeople();
    const spray = (from: number, count: number, act: (name: string) => Promise<unknown>) =>
      Promise.all(Array.from({ length: count }, (_, n) => act(`nobody-${from + n}`)));
    let stopped = 0;
    await exhaust(80, { communityId: lieu.community.id, ip: lieu.network });
    await spray(80, 15, async (name) => {
      if ((await webFrom(lieu.network, lieu, name, 'wrong')).status === 429) stopped += 1;
    });
    await spray(95, 15, (name) =>
      bindFrom(lieu.network, `uid=${name},ou=people,${lieu.base}`, 'wrong', twin),
    );
    expect(stopped).toBe(0);
    await spray(110, 20, async (name) => {
      if ((await webFrom(lieu.network, lieu, name, 'wrong')).status === 429) stopped += 1;
    });
    // The guesser is told to wait, on the web; by LDAP every refusal looks the same.
    expect(stopped).toBe(20);
    await expectAllIn(lieu);
  });

  it('shuts out none, for as long as it guesses, whether they signed in there before or not', async () => {
    const lieu = await lieuWithPeople();
    await expectAllIn(lieu);
    const { id: communityId } = lieu.community;
    await exhaust(410, { communityId, ip: lieu.network });
    await expectAllIn(lieu);
    const newcomer = await buildMember(hub.database, communityId);
    await Promise.all([hub.app.settle(), twin.app.settle()]);
    expect(isIn(await webFrom(lieu.network, lieu, newcomer.username, PASSWORD))).toBe(true);
    const other = await buildMember(hub.database, communityId);
    await Promise.all([hub.app.settle(), twin.app.settle()]);
    expect(await bindFrom(lieu.network, lieu.dnOf(other), PASSWORD, twin)).toBe(0);
    // Who was here before and mistypes is told what strangers are told.
    const [regular] = lieu.people;
    const told = [];
    for (const name of [regular?.username ?? '', 'nobody-at-all']) {
      const { status, text } = await webFrom(lieu.network, lieu, name, 'wrong');
      told.push([status, parse(text).querySelector('#fault')?.text.replace(/\d+/, 'n')]);
    }
    expect(told[1]).toEqual(told[0]);
  });
});

describe('a guesser is slowed all the same', () => {
  it('with one name, on the web and by LDAP together, on two processes', async () => {
    const lieu = await lieuWithPeople();
    const alice = lieu.dnOf(lieu.alice);
    const tries: (() => Promise<boolean>)[] = Array.from({ length: 24 }, (_, n) => async () => {
      const place = n % 2 === 0 ? hub : twin;
      if (n % 4 < 2)
        return (await webFrom(lieu.network, lieu, 'alice', `guess ${n}`, place)).status === 400;
      return (await bindFrom(lieu.network, alice, `guess ${n}`, place)) === 0;
    });
    const looked = (await Promise.all(tries.map((each) => each()))).filter(Boolean).length;
    expect(looked).toBeLessThanOrEqual(10);
    // The right password does not help there any more, and does elsewhere.
    for (const place of [hub, twin]) {
      expect(await bindFrom(lieu.network, alice, PASSWORD, place)).toBe(49);
      expect((await webFrom(lieu.network, lieu, 'alice', PASSWORD, place)).status).toBe(429);
    }
    expect(await bindFrom('127.1.0.1', alice, PASSWORD)).toBe(0);
  });

  it('with one name through a reader’s connection, however many connections there are', async () => {
    const lieu = await lieuWithPeople();
    const alice = lieu.dnOf(lieu.alice);
    for (let n = 0; n < 12; n += 1) {
      const reader = await readerFrom(lieu, n % 2 === 0 ? hub : twin);
      expect((await reader.bind(alice, `guess ${n}`)).code).toBe(49);
      reader.close();
    }
    for (const place of [hub, twin]) {
      expect((await (await readerFrom(lieu, place)).bind(alice, PASSWORD)).code).toBe(49);
    }
  });

  it('with very many names through a reader’s connection: whoever has an account gets in', async () => {
    const lieu = await lieuWithPeople();
    const reader = await readerFrom(lieu);
    const [regular, stranger] = lieu.people;
    expect((await reader.bind(regular?.dn ?? '', PASSWORD)).code).toBe(0);
    const { id: communityId } = lieu.community;
    const app = { service: lieu.cloud.id };
    await exhaust(510, { communityId, ip: lieu.app, app });
    expect((await reader.bind(stranger?.dn ?? '', PASSWORD)).code).toBe(0);
    for (const place of [hub, twin]) {
      const other = await readerFrom(lieu, place);
      expect((await other.bind(regular?.dn ?? '', PASSWORD)).code).toBe(0);
    }
    // Another service, and the web, know nothing of it.
    const wiki = await buildService(hub, lieu.community, { slug: 'wiki' });
    await hub.database.query(
      `INSERT INTO service_readers (community_id, service_id, password_hash)
       SELECT community_id, $2, password_hash FROM service_readers WHERE service_id = $1`,
      [lieu.cloud.id, wiki.id],
    );
    await Promise.all([hub.app.settle(), twin.app.settle()]);
    const elsewhere = await readerFrom({
      app: lieu.app,
      cloud: { id: wiki.id, readerDn: `cn=wiki,ou=services,${lieu.base}` },
    });
    expect((await elsewhere.bind(stranger?.dn ?? '', PASSWORD)).code).toBe(0);
  });

  it('who has one community’s reader is no app of another’s', async () => {
    const [own, other] = [await lieuWithPeople(), await lieuWithPeople()];
    const client = await readerFrom(own);
    const { id: communityId } = other.community;
    await exhaust(410, { communityId, ip: own.app });
    const { dn } = other.people[0] ?? {};
    expect((await client.bind(dn ?? '', PASSWORD)).code).toBe(0);
    expect((await (await readerFrom(own)).bind(own.people[0]?.dn ?? '', PASSWORD)).code).toBe(0);
  });
});
