import { beforeAll, describe, expect, it } from 'vitest';
import { setMemberStatus } from '../src/domain/memberships/set-member-status.ts';
import { giveTotp } from './support/belongings.ts';
import { Browser, type Page } from './support/browser.ts';
import {
  type BuiltCommunity,
  type BuiltMember,
  buildCommunity,
  buildMember,
  PASSWORD,
} from './support/factories.ts';
import { useHub } from './support/use-hub.ts';

const HELP = 'aide@lieu.example';
const TITLES = {
  suspended: 'Votre compte est suspendu',
  left: 'Vous ne faites plus partie de cette communauté',
  requested: 'Votre demande attend une réponse',
};
type Status = keyof typeof TITLES;
const STATUSES = Object.keys(TITLES) as Status[];

const hub = useHub({
  env: { TROUSSEAU_TRUSTED_PROXIES: '127.0.0.0/8' },
  community: { contact: HELP },
  client: { grants: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'] },
});
/** Without an address of its own: its admins are asked. */
let small: BuiltCommunity;
const members = {} as Record<Status | 'active', BuiltMember>;

beforeAll(async () => {
  small = await buildCommunity(hub.database);
  await buildMember(hub.database, small.id, {
    role: 'admin',
    displayName: 'Léa',
    username: 'lea',
  });
  for (const status of ['active', ...STATUSES] as const)
    members[status] = await hub.newMember({ status });
});

let visitors = 0;
/** Each at an address of its own: what one of them tries holds up no other. */
function newBrowser(): Browser {
  visitors += 1;
  const address = `198.51.${100 + Math.floor(visitors / 250)}.${visitors % 250}`;
  return new Browser({
    headers: { 'x-forwarded-for': address },
    stopAt: (url) => url.hostname.endsWith('.example'),
  });
}

async function signIn(login: string, password = PASSWORD, to = hub.community): Promise<Page> {
  const browser = newBrowser();
  const page = await browser.open(`${hub.url}/c/${to.slug}/login`);
  return browser.submit(page, '#login-form', { username: login, password });
}

const titleOf = ({ document }: Page) => document.querySelector('h1')?.text;
const contactsOf = ({ document }: Page) =>
  document.querySelectorAll('main .contacts li').map(({ text }) => text);
const sessions = async () =>
  (await hub.database.query('SELECT 1 FROM sessions WHERE subject IS NOT NULL')).length;

describe.each(STATUSES)('whoever is %s', (status) => {
  it('learns it by the right password, and whom to ask, and is let in nowhere', async () => {
    const { username, email, subject } = members[status];
    const before = await sessions();
    for (const login of [username, email.toUpperCase()]) {
      const page = await signIn(login);
      expect([page.status, titleOf(page), contactsOf(page)]).toEqual([403, TITLES[status], [HELP]]);
    }
    expect(await sessions()).toBe(before);
    const events = await hub.database.query(
      `SELECT actor, details FROM events WHERE community_id = $1 AND subject = $2 AND type = 'sign-in.refused'`,
      [hub.community.id, subject],
    );
    const details = { reason: status, using: 'password' };
    expect(events).toEqual([0, 1].map(() => ({ actor: `member:${subject}`, details })));
  });

  it('is told nothing by a wrong password, word for word', async () => {
    const answers = [
      await signIn(members[status].username, 'wrong'),
      await signIn(members.active.username, 'wrong'),
      await signIn('inconnue', 'wrong'),
    ].map((page) => ({
      status: page.status,
      fault: page.document.querySelector('#fault')?.text,
      headers: [...page.headers.keys()].sort(),
    }));
    expect(answers[0]?.fault).toMatch(/ne convient pas/);
    expect(answers).toEqual([answers[0], answers[0], answers[0]]);
  });

  it('learns it on the way to an app, and somebody else may go on', async () => {
    const browser = newBrowser();
    const login = await browser.open(hub.client.authorizationUrl());
    const { username } = members[status];
    const closed = await browser.submit(login, '#login-form', { username, password: PASSWORD });
    expect([closed.status, titleOf(closed)]).toEqual([403, TITLES[status]]);
    const way = closed.document.querySelector('#sign-in-again')?.getAttribute('href') as string;
    const again = await browser.open(new URL(way, closed.url).href);
    const other = { username: members.active.username, password: PASSWORD };
    let page = await browser.submit(again, '#login-form', other);
    if (page.document.querySelector('#consent-form') !== null)
      page = await browser.submit(page, '#consent-form', {}, '#consent-allow');
    expect(hub.client.isBack(page)).toBe(true);
  });

  it('learns it at a device', async () => {
    const response = await hub.client.post('/oidc/device/auth', { scope: 'openid' });
    const { user_code } = (await response.json()) as { user_code: string };
    const browser = newBrowser();
    const entry = await browser.open(`${hub.issuer}/oidc/device`);
    const confirm = await browser.submit(entry, '#device-form', { user_code });
    const login = await browser.submit(confirm, '#device-form', {}, '#device-confirm');
    const { username } = members[status];
    const page = await browser.submit(login, '#login-form', { username, password: PASSWORD });
    expect([page.status, titleOf(page)]).toEqual([403, TITLES[status]]);
  });
});

describe('a community without an address for help', () => {
  it.each([
    ['suspended', ['Léa · lea@lieu.example']],
    // Names of members are told to members.
    ['left', []],
    ['requested', []],
  ] as const)('names its admins to whoever is %s: %s', async (status, contacts) => {
    const { username } = await buildMember(hub.database, small.id, { status });
    const page = await signIn(username, PASSWORD, small);
    expect([page.status, contactsOf(page)]).toEqual([403, contacts]);
  });
});

describe('whoever asked to come in', () => {
  it('is told that they were refused, and not that they left', async () => {
    const member = await hub.newMember({ status: 'requested' });
    await change(member, 'refuse');
    const page = await signIn(member.username);
    expect([page.status, titleOf(page)]).toEqual([403, 'Votre demande n’a pas été acceptée']);
  });
});

describe('a suspended member', () => {
  it('is told before a second factor is asked for', async () => {
    const member = await hub.newMember();
    await giveTotp(hub, member);
    await hub.app.settle();
    expect(titleOf(await signIn(member.username))).not.toBe('Mes services');
    await change(member, 'suspend');
    expect(titleOf(await signIn(member.username))).toBe(TITLES.suspended);
  });

  it('signs in again once an admin has let them back', async () => {
    const member = await hub.newMember();
    await change(member, 'suspend');
    expect(titleOf(await signIn(member.username))).toBe(TITLES.suspended);
    await change(member, 'resume');
    expect(titleOf(await signIn(member.username))).toBe('Mes services');
  });

  it('of one community is told nothing about another', async () => {
    expect((await signIn(members.suspended.username, PASSWORD, small)).status).toBe(400);
  });

  it('counts a right password as one that was right: no limit is used up', async () => {
    const member = await hub.newMember({ status: 'suspended' });
    const browser = newBrowser();
    const statuses = [];
    for (let count = 0; count < 12; count += 1) {
      const page = await browser.open(`${hub.issuer}/login`);
      const fields = { username: member.username, password: PASSWORD };
      statuses.push((await browser.submit(page, '#login-form', fields)).status);
    }
    expect(new Set(statuses)).toEqual(new Set([403]));
  });
});

async function change(
  { subject }: BuiltMember,
  verb: 'suspend' | 'resume' | 'refuse',
): Promise<void> {
  await hub.database.transaction((tx) =>
    setMemberStatus(tx, hub.community.id, subject, verb, 'cli'),
  );
  await hub.app.settle();
}
