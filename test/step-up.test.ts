import { beforeEach, describe, expect, it } from 'vitest';
import { safeReturnPath } from '../src/pages/sign-in/sign-in-target.ts';
import { giveTotp } from './support/belongings.ts';
import { Browser, type Page } from './support/browser.ts';
import { type BuiltMember, PASSWORD } from './support/factories.ts';
import { useHub } from './support/use-hub.ts';

const hub = useHub({ service: {} });
let member: BuiltMember;
let browser: Browser;

beforeEach(async () => {
  member = await hub.newMember();
  browser = new Browser({ stopAt: (url) => url.hostname.endsWith('.example') });
});

const at = (path: string) => `${hub.issuer}${path}`;

/** An authenticator app whose codes nobody here knows. */
async function giveSecondFactor(): Promise<void> {
  await giveTotp(hub, member);
  await hub.app.settle();
}

async function typePassword(url = at('/login'), using = browser): Promise<Page> {
  const page = await using.open(url);
  return using.submit(page, '#login-form', { username: member.username, password: PASSWORD });
}

describe('with a second factor', () => {
  beforeEach(giveSecondFactor);

  it('a right password leads to the second step, and opens nothing', async () => {
    const page = await typePassword();
    expect(page.url).toBe(at('/login/second-factor'));
    expect(page.document.querySelector('#code')).not.toBeNull();
    expect((await browser.open(at('/account'))).url).toBe(at('/login?return_to=%2Faccount'));
    const [row] = await hub.database.query(
      'SELECT 1 FROM sessions WHERE community_id = $1 AND subject = $2',
      [hub.community.id, member.subject],
    );
    expect(row).toBeUndefined();
  });

  it('an app gets nothing before the second step, however its request is taken up again', async () => {
    const page = await typePassword(hub.client.authorizationUrl());
    expect(page.url).toMatch(/\/login\/[\w-]+\/second-factor$/);
    const uid = /\/login\/([\w-]+)\//.exec(page.url)?.[1];
    const resumed = await browser.open(at(`/oidc/auth/${uid}`));
    expect(hub.client.isBack(resumed)).toBe(false);
    expect(resumed.document.querySelector('#login-form')).not.toBeNull();
  });

  it('a wrong code is refused beside its field, and the page stays', async () => {
    const page = await typePassword();
    const refused = await browser.submit(page, '#second-factor-form', { code: '000000' });
    expect(refused.status).toBe(400);
    expect(refused.document.querySelector('#code')?.getAttribute('aria-invalid')).toBe('true');
    const empty = await browser.submit(refused, '#second-factor-form', { code: ' ' });
    expect(empty.status).toBe(400);
  });

  it('the second step is asked of the browser that gave the password, and of no other', async () => {
    await typePassword();
    const other = new Browser();
    expect((await other.open(at('/login/second-factor'))).url).toBe(at('/login'));
  });

  it('two tabs that sign in to two apps at once do not meet', async () => {
    const first = await typePassword(hub.client.authorizationUrl());
    const second = await typePassword(hub.client.authorizationUrl({ state: 'another' }));
    expect(first.url).not.toBe(second.url);
    for (const page of [first, second]) {
      expect((await browser.open(page.url)).url).toBe(page.url);
    }
  });

  it('a password that was changed in between ends the sign-in on its way', async () => {
    const page = await typePassword();
    await hub.database.query('UPDATE persons SET password_hash = $2 WHERE id = $1', [
      member.personId,
      'another',
    ]);
    expect((await browser.open(page.url)).url).toBe(at('/login'));
    const answer = await browser.submit(page, '#second-factor-form', { code: '123456' });
    expect(answer.status).toBe(400);
  });

  it('guesses at the code run out', async () => {
    let page = await typePassword();
    const statuses: number[] = [];
    for (let guess = 0; guess < 14; guess += 1) {
      page = await browser.submit(page, '#second-factor-form', { code: `11111${guess % 10}` });
      statuses.push(page.status);
    }
    expect(statuses).toContain(429);
    expect(statuses.indexOf(429)).toBeGreaterThan(2);
  });
});

describe('where a sign-in leads back to', () => {
  it.each([
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '/ /evil',
    'account',
    '/login?again=1',
    '/oidc/auth?x=1',
    `/${'a'.repeat(600)}`,
    '/account\r\nX: y',
    ['/account'],
  ])('%j leads home', (value) => {
    expect(safeReturnPath(value)).toBeUndefined();
  });

  it('is a page of the community that asked for it', async () => {
    expect(safeReturnPath('/account/passkeys?first=1')).toBe('/account/passkeys?first=1');
    const page = await typePassword(at('/login?return_to=%2F%3Fnotice%3Drequested'));
    expect(page.url).toBe(at('/?notice=requested'));
  });
});
