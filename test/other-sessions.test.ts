import { TOTP } from 'otpauth';
import { beforeEach, describe, expect, it } from 'vitest';
import { visit } from './support/account-visits.ts';
import { Authenticator } from './support/authenticator.ts';
import { buildElsewhere, giveTotp } from './support/belongings.ts';
import { Browser, type Page } from './support/browser.ts';
import {
  type BuiltCommunity,
  type BuiltMember,
  buildCommunity,
  buildMember,
  buildService,
  PASSWORD,
} from './support/factories.ts';
import { csrfOf, post, question } from './support/passkey-visits.ts';
import { RelyingParty } from './support/relying-party.ts';
import { useHub } from './support/use-hub.ts';

const NEW = 'sept oignons et une brouette';

const hub = useHub({ env: { TROUSSEAU_ROLES: 'web' } });
let here: BuiltCommunity;
let there: BuiltCommunity;
let member: BuiltMember;
let subjectThere: string;
let computer: Browser;
let phone: Browser;
let elsewhere: Browser;

/** One person in two communities: on a computer and a telephone here, and there. */
beforeEach(async () => {
  here = await buildCommunity(hub.database);
  there = await buildCommunity(hub.database);
  member = await buildMember(hub.database, here.id);
  subjectThere = await buildElsewhere(hub.database, there.id, member);
  await hub.app.settle();
  computer = (await visit(hub, here, { member })).browser;
  phone = (await visit(hub, here, { member })).browser;
  elsewhere = (await visit(hub, there, { member })).browser;
});

const at = (path: string, { slug } = here) => `${hub.url}/c/${slug}${path}`;
const isIn = async (browser: Browser, place = here) =>
  (await browser.open(at('/account', place))).url === at('/account', place);
const open = async () => ({
  computer: await isIn(computer),
  phone: await isIn(phone),
  elsewhere: await isIn(elsewhere, there),
});

async function askForTwo(community: BuiltCommunity): Promise<void> {
  await hub.database.query(`UPDATE communities SET second_factor = 'all' WHERE id = $1`, [
    community.id,
  ]);
  await hub.app.settle();
}

async function addTotp(others: Record<string, string>): Promise<Page> {
  const page = await computer.open(at('/account/totp'));
  const secret = page.document.querySelector('#totp-secret')?.text.replaceAll(' ', '') as string;
  const code = new TOTP({ secret }).generate();
  return computer.submit(page, '#totp-form', { code, ...others });
}

async function changePassword(others: Record<string, string>): Promise<Page> {
  const page = await computer.open(at('/account/password'));
  return computer.submit(page, '#password-form', { password: NEW, ...others });
}

/** What is chosen on the form when it is opened. */
async function usual(path: string, form: string): Promise<string | undefined> {
  const page = await computer.open(at(path));
  const radios = page.document.querySelectorAll(`${form} [name=others]`);
  expect(radios).toHaveLength(2);
  return radios.find((radio) => radio.hasAttribute('checked'))?.getAttribute('value');
}

describe('the forms', () => {
  it('ask what becomes of other sessions; a new password signs out, a factor does not, unless one says so', async () => {
    expect(await usual('/account/password', '#password-form')).toBe('end');
    expect(await usual('/account/totp', '#totp-form')).toBe('keep');
    expect(await usual('/account/passkeys', '#passkey-add-form')).toBe('keep');
  });

  it('keep the answer when something else is refused', async () => {
    const page = await computer.open(at('/account/totp'));
    const again = await computer.submit(page, '#totp-form', { code: '000000', others: 'end' });
    const chosen = again.document.querySelector('#totp-form [name=others][checked]');
    expect(chosen?.getAttribute('value')).toBe('end');
  });

  it('say in both languages that app passwords go on', async () => {
    const page = await computer.open(at('/account/password'));
    expect(page.text).toContain('mots de passe d’application');
    const english = await computer.open(at('/account/password'), {
      headers: { 'accept-language': 'en' },
    });
    expect(english.text).toMatch(/App passwords|mots de passe d’application/);
  });
});

describe('a new password', () => {
  it('leaves other devices signed in where one says so', async () => {
    const page = await changePassword({ others: 'keep' });
    expect(page.url).toContain('notice=changed-here');
    expect(await open()).toEqual({ computer: true, phone: true, elsewhere: true });
  });

  it('signs out everywhere else otherwise, whatever is sent', async () => {
    await changePassword({ others: 'perhaps' });
    expect(await open()).toEqual({ computer: true, phone: false, elsewhere: false });
  });

  it('ends sessions of one factor in any community that asks for two, though others are kept', async () => {
    await askForTwo(there);
    await giveTotp(hub, member);
    await hub.database.query(
      `UPDATE sessions SET payload = payload || '{"acr": "https://refeds.org/profile/mfa"}' WHERE community_id = $1`,
      [here.id],
    );
    await hub.app.settle();
    await changePassword({ others: 'keep' });
    const left = await hub.database.query('SELECT 1 FROM sessions WHERE subject = $1', [
      subjectThere,
    ]);
    expect(left).toEqual([]);
    expect(await isIn(phone)).toBe(true);
  });
});

describe('a second factor', () => {
  it('leaves everything as it is where nobody says otherwise', async () => {
    await addTotp({});
    expect(await open()).toEqual({ computer: true, phone: true, elsewhere: true });
  });

  it('signs out everywhere else where one says so, in every community, with an event in each', async () => {
    await addTotp({ others: 'end' });
    expect(await open()).toEqual({ computer: true, phone: false, elsewhere: false });
    const events = await hub.database.query(
      `SELECT actor, details FROM events WHERE type = 'session.others-ended' AND community_id = $1`,
      [there.id],
    );
    expect(events).toEqual([{ actor: 'hub', details: { sessions: 1 } }]);
  });

  it('ends what one factor opened wherever two are asked for, with the tokens of apps', async () => {
    const service = await buildService(
      hub,
      there,
      {},
      {
        backchannelLogoutUri: 'https://cloud.example/logout',
        grants: ['authorization_code', 'refresh_token'],
      },
    );
    const app = new RelyingParty(hub.url, there, service);
    const tokens = await app.tokens(await app.signIn(elsewhere, member.username));
    await askForTwo(there);
    const page = await addTotp({ others: 'keep' });
    expect(page.url).toContain('/account/recovery-codes');
    const left = await hub.database.query(
      `SELECT kind FROM oidc_artifacts WHERE subject = $1 UNION ALL SELECT 'Session' FROM sessions WHERE subject = $1`,
      [subjectThere],
    );
    expect(left).toEqual([]);
    expect((await app.refresh(tokens.refresh_token ?? '')).status).toBe(400);
    const logouts = await hub.database.query(
      `SELECT 1 FROM outbox WHERE kind = 'backchannel-logout' AND payload ->> 'subject' = $1`,
      [subjectThere],
    );
    expect(logouts).toHaveLength(1);
    expect([await isIn(computer), await isIn(phone)]).toEqual([true, true]);
  });

  it('that is removed signs out everywhere else', async () => {
    await addTotp({});
    const page = await computer.open(at('/account/two-factors'));
    await computer.submit(page, 'form[action$="/totp/remove"]');
    expect(await open()).toEqual({ computer: true, phone: false, elsewhere: false });
  });
});

describe('a passkey', () => {
  async function addPasskey(others: Record<string, string>): Promise<Response> {
    const page = await computer.open(at('/account/passkeys'));
    const { options } = await question(computer, page);
    const response = new Authenticator(hub.url).register(options);
    const fields = { csrf: csrfOf(page), name: '', response, ...others };
    return post(computer, at('/account/passkeys'), fields);
  }

  it('leaves other devices signed in, but where two factors are asked for', async () => {
    await askForTwo(there);
    expect((await addPasskey({})).status).toBe(303);
    expect([await isIn(computer), await isIn(phone)]).toEqual([true, true]);
    const left = await hub.database.query('SELECT 1 FROM sessions WHERE subject = $1', [
      subjectThere,
    ]);
    expect(left).toEqual([]);
  });

  it('signs out everywhere else where one says so', async () => {
    expect((await addPasskey({ others: 'end' })).status).toBe(303);
    expect(await open()).toEqual({ computer: true, phone: false, elsewhere: false });
  });
});

it('a second factor set up on the way in ends what is open elsewhere, and not this sign-in', async () => {
  await askForTwo(here);
  const browser = new Browser();
  const login = await browser.open(at('/login'));
  const fields = { username: member.username, password: PASSWORD };
  const page = await browser.submit(login, '#login-form', fields);
  expect(page.url).toMatch(/\/set-up$/);
  const secret = page.document.querySelector('#totp-secret')?.text.replaceAll(' ', '') as string;
  const code = new TOTP({ secret }).generate();
  const codes = await browser.submit(page, '#totp-form', { code, others: 'end' });
  const home = await browser.submit(codes, '#set-up-done-form');
  expect(home.url.replace(/\/$/, '')).toBe(at(''));
  expect(await open()).toEqual({ computer: false, phone: false, elsewhere: false });
});
