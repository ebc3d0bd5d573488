import { TOTP } from 'otpauth';
import { describe, expect, it } from 'vitest';
import { revokeAppPasswords } from '../../src/domain/app-passwords/app-password.ts';
import {
  approveRecovery,
  recoveryOf,
  requestRecovery,
} from '../../src/domain/recovery/assisted-recovery.ts';
import { visit } from '../support/account-visits.ts';
import { Browser, type Page } from '../support/browser.ts';
import { csrfOf, typePassword } from '../support/passkey-visits.ts';
import { useHub } from '../support/use-hub.ts';

// That the same form shows the same once more is walked in the tables; here, what it must not show.

const hub = useHub({ env: { TROUSSEAU_ROLES: 'web' }, service: { reader: 'a hash' } });

type Visit = Awaited<ReturnType<typeof visit>>;
type Sent = Visit & {
  first: Page;
  secret: string;
  again(by?: Browser, more?: Record<string, string>): Promise<Page>;
};

/** An app password that was just made. */
async function madePassword(): Promise<Sent> {
  const visitor = await visit(hub, hub.community);
  const { browser, at } = visitor;
  const page = await browser.open(at('/account/app-passwords'));
  const fields = { service: hub.service.slug, name: 'Téléphone' };
  const again = (by = browser, more = {}) =>
    by.submit(page, '#app-password-form', { ...fields, ...more });
  const first = await again();
  const secret = first.document.querySelector('#app-password')?.text as string;
  return { ...visitor, first, secret, again };
}

/** @returns the page that offers recovery codes */
async function setUpTotp({ browser, at }: Pick<Visit, 'browser' | 'at'>): Promise<Page> {
  const page = await browser.open(at('/account/totp'));
  const secret = page.document.querySelector('#totp-secret')?.text.replaceAll(' ', '') as string;
  return browser.submit(page, '#totp-form', { code: new TOTP({ secret }).generate() });
}

/** Recovery codes that were just made. */
async function madeCodes(): Promise<Sent> {
  const visitor = await visit(hub, hub.community);
  const { browser } = visitor;
  const page = await setUpTotp(visitor);
  const again = (by = browser, more = {}) => by.submit(page, '#codes-form', more);
  const first = await again();
  return {
    ...visitor,
    first,
    secret: first.document.querySelector('#codes code')?.text as string,
    again,
  };
}

async function signOut({ browser, at }: Visit): Promise<void> {
  const out = await browser.open(at('/oidc/session/end'));
  await browser.submit(out, '#logout-form', {}, '#logout-confirm');
}

describe.each([
  ['the secret of an app password', madePassword],
  ['a recovery code', madeCodes],
])('%s', (_what, make) => {
  it('is shown to the same form of whoever is signed in, and kept sealed until then', async () => {
    const { secret, again, first } = await make();
    expect(secret).toMatch(/^[a-z2-9]+-/);
    expect((await again()).document.querySelector('main')?.text).toBe(
      first.document.querySelector('main')?.text,
    );
    const rows = await hub.database.query<{ sealed: Buffer }>(
      'SELECT sealed_answer AS sealed FROM done_steps',
    );
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.filter(({ sealed }) => sealed.includes(secret))).toEqual([]);
  });

  it('is shown to nobody who is signed out', async () => {
    const sent = await make();
    await signOut(sent);
    const page = await sent.again();
    expect(page.url).toContain('/login');
    expect(page.text).not.toContain(sent.secret);
  });

  it('is shown to no other member in the same browser', async () => {
    const sent = await make();
    await signOut(sent);
    const other = await hub.newMember();
    await typePassword(sent.browser, hub.issuer, other.username);
    await setUpTotp(sent);
    expect((await sent.again()).text).not.toContain(sent.secret);
  });
});

it('the secret of an app password is shown in no other browser of the same member', async () => {
  const { member, at, again, secret } = await madePassword();
  const other = new Browser();
  await typePassword(other, hub.issuer, member.username);
  const csrf = csrfOf(await other.open(at('/account/sessions')));
  const page = await again(other, { csrf });
  expect(page.document.querySelector('#app-password')).not.toBeNull();
  expect(page.text).not.toContain(secret);
});

it('the secret of an app password that was revoked is shown no more', async () => {
  const { member, secret, again, at } = await madePassword();
  const { subject } = member;
  await hub.database.transaction((tx) =>
    revokeAppPasswords(tx, hub.community.id, subject, `member:${subject}`),
  );
  const page = await again();
  expect(page.url).toBe(at('/account/app-passwords'));
  expect(page.text).not.toContain(secret);
});

it('codes in whose place others stand are shown no more', async () => {
  const { browser, secret, again, at } = await madeCodes();
  await browser.submit(await browser.open(at('/account/recovery-codes')), '#codes-form');
  const page = await again();
  expect(page.url).toBe(at('/account/recovery-codes'));
  expect(page.text).not.toContain(secret);
});

it('a form that a browser went back to, with another password in it, sets that one', async () => {
  const { member, browser, at } = await visit(hub, hub.community);
  const page = await browser.open(at('/account/password'));
  const passwords = ['sept girafes jouent au tarot', 'huit loutres lisent la nuit'];
  for (const password of passwords) {
    const answer = await browser.submit(page, '#password-form', { password });
    expect(answer.url).toBe(at('/account/password?notice=changed'));
  }
  const isIn = async (password: string) => {
    const other = new Browser();
    const login = await other.open(at('/login'));
    await other.submit(login, '#login-form', { username: member.username, password });
    return (await other.open(at('/account'))).url === at('/account');
  };
  expect(await Promise.all(passwords.map(isIn))).toEqual([false, true]);
});

it('two passwords sent at once by one form are both set, one after the other', async () => {
  const { member, browser, at } = await visit(hub, hub.community);
  const page = await browser.open(at('/account/password'));
  const passwords = ['neuf cigognes font du vélo', 'dix tortues jouent aux cartes'];
  const answers = await Promise.all(
    passwords.map((password) => browser.submit(page, '#password-form', { password })),
  );
  for (const { url } of answers) expect(url).toBe(at('/account/password?notice=changed'));
  const [changes] = await hub.database.query<{ count: string }>(
    `SELECT count(*) FROM events WHERE subject = $1 AND type = 'member.password-changed'`,
    [member.subject],
  );
  expect(changes?.count).toBe('2');
});

it('the link of a recovery that another admin replaced is not replaced by a form sent again', async () => {
  const visitors = await Promise.all(
    [1, 2].map(async () =>
      visit(hub, hub.community, { member: await hub.newMember({ role: 'admin' }) }),
    ),
  );
  const [one, two] = visitors as [Visit, Visit];
  const { subject } = await hub.newMember();
  const { id: communityId } = hub.community;
  const id = await hub.database.transaction(async (tx) => {
    const place = { communityId, issuerUrl: hub.issuer };
    await requestRecovery(tx, place, { subject, by: one.member.subject, delayHours: 0 });
    const { id } = (await recoveryOf(tx, communityId, subject)) as { id: string };
    await approveRecovery(tx, communityId, { id, by: two.member.subject, delayHours: 0 });
    return id;
  });
  const give = async ({ browser, at }: Visit) => {
    const page = await browser.open(at('/admin/recoveries'));
    const send = () => browser.submit(page, `form[action$="${id}/link"]`);
    return { first: linkOf(await send()), send };
  };
  const old = await give(one);
  expect(old.first).toBeDefined();
  const { first, send } = await give(two);
  expect(first).not.toBe(old.first);
  expect(linkOf(await old.send())).toBeUndefined();
  expect(linkOf(await send())).toBe(first);
});

const linkOf = ({ document }: Page) => document.querySelector('#recovery-link code')?.text;
