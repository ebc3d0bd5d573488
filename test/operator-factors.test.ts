import { TOTP } from 'otpauth';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { insertOperator } from '../src/domain/operators/create-operator.ts';
import { removeOperatorFactors } from '../src/domain/operators/remove-factors.ts';
import { lockOperators } from '../src/domain/operators/save-operators.ts';
import { hashPassword } from '../src/domain/people/password.ts';
import { Authenticator } from './support/authenticator.ts';
import { Browser, type Page } from './support/browser.ts';
import { buildCommunity, buildMember, PASSWORD } from './support/factories.ts';
import { startHub, type TestHub } from './support/hub.ts';
import { csrfOf, enrol, post, question, signIn } from './support/passkey-visits.ts';

let hub: TestHub;
let issuer: string;
let hash: string;
let email: string;
let count = 0;
beforeAll(async () => {
  hub = await startHub({ TROUSSEAU_ROLES: 'web' });
  issuer = `${hub.url}/c/${(await buildCommunity(hub.database)).slug}`;
  hash = await hashPassword(PASSWORD);
});
afterAll(() => hub.stop());
beforeEach(async () => {
  count += 1;
  email = `ops${count}@hub.example`;
  await hub.database.transaction((tx) => insertOperator(tx, email, hash));
});

const at = (path: string) => `${hub.url}/operator${path}`;

async function typePassword(browser = new Browser()): Promise<Page> {
  const page = await browser.open(at('/login'));
  return browser.submit(page, '#login-form', { email, password: PASSWORD });
}

async function addTotp(browser: Browser, fields: Record<string, string> = {}) {
  const page = await browser.open(at('/totp'));
  const secret = page.document.querySelector('#totp-secret')?.text.replaceAll(' ', '') as string;
  const totp = new TOTP({ secret });
  const code = totp.generate({ timestamp: Date.now() - 30_000 });
  return { totp, page: await browser.submit(page, '#totp-form', { code, ...fields }) };
}

async function addPasskey(browser: Browser): Promise<Authenticator> {
  const authenticator = new Authenticator(hub.url);
  const page = await browser.open(at('/passkeys'));
  const { options } = await question(browser, page);
  const response = authenticator.register(options);
  const answer = await post(browser, at('/passkeys'), { csrf: csrfOf(page), name: '', response });
  expect(answer.status).toBe(303);
  return authenticator;
}

async function byPasskey(authenticator: Authenticator): Promise<Response> {
  const browser = new Browser();
  const page = await browser.open(at('/login'));
  const { options } = await question(browser, page);
  const response = authenticator.signIn(options);
  return post(browser, at('/login/passkey'), { csrf: csrfOf(page), response });
}

const isIn = async (browser: Browser) => (await browser.open(at(''))).url === at('');

it('an operator with an authenticator app signs in with a code of it, or a recovery code, and with nothing less', async () => {
  const browser = new Browser();
  await typePassword(browser);
  const { totp, page } = await addTotp(browser);
  expect(page.url).toBe(at('/recovery-codes?first=1'));
  const made = await browser.submit(page, '#codes-form');
  const code = made.document.querySelector('#codes code')?.text as string;
  expect(await isIn(browser)).toBe(true);

  const other = new Browser();
  const asked = await typePassword(other);
  expect(asked.url).toBe(at('/login/second-factor'));
  expect(await isIn(other)).toBe(false);
  const wrong = await other.submit(asked, '#second-factor-form', { code: '000000' });
  expect(wrong.status).toBe(400);
  const right = await other.submit(wrong, '#second-factor-form', { code: totp.generate() });
  expect(right.url).toBe(at(''));

  const third = new Browser();
  await typePassword(third);
  const form = await third.open(at('/login/second-factor?use=recovery-code'));
  expect((await third.submit(form, '#second-factor-form', { code })).url).toBe(at(''));
});

it('the first factor closes what the password alone had opened', async () => {
  const [browser, other] = [new Browser(), new Browser()];
  await typePassword(browser);
  await typePassword(other);
  await addTotp(browser, { others: 'keep' });
  expect([await isIn(browser), await isIn(other)]).toEqual([true, false]);
});

it('a passkey signs an operator in by itself, and opens no member’s account, nor the other way round', async () => {
  const browser = new Browser();
  await typePassword(browser);
  const authenticator = await addPasskey(browser);
  const opened = await byPasskey(authenticator);
  expect([opened.status, opened.headers.get('location')]).toEqual([303, '/operator']);
  const { response } = await signIn(issuer, authenticator);
  expect(response.status).toBe(400);

  const [{ id }] = await hub.database.query('SELECT id FROM communities LIMIT 1');
  const { username } = await buildMember(hub.database, id);
  await hub.app.settle();
  const member = await enrol(issuer, username);
  expect((await byPasskey(member.authenticator)).status).toBe(400);
});

it('factors are changed only after a fresh sign-in, which leads back to the page', async () => {
  const browser = new Browser();
  await typePassword(browser);
  await hub.database.query(
    `UPDATE operator_sessions SET created_at = now() - interval '11 minutes'`,
  );
  expect(await isIn(browser)).toBe(true);
  const page = await browser.open(at('/two-factors'));
  expect(new URL(page.url).pathname).toBe('/operator/login');
  const back = await browser.submit(page, '#login-form', { email, password: PASSWORD });
  expect(back.url).toBe(at('/two-factors'));
});

it('lost factors go by a command of the server, with every session, and an event', async () => {
  const browser = new Browser();
  await typePassword(browser);
  await addPasskey(browser);
  await hub.database.transaction(async (tx) => {
    const operator = (await lockOperators(tx)).find((one) => one.email === email);
    if (operator === undefined) throw new Error('no operator');
    await removeOperatorFactors(tx, operator, 'cli');
  });
  expect(await isIn(browser)).toBe(false);
  expect((await typePassword()).url).toBe(at(''));
  const [event] = await hub.database.query(
    `SELECT details FROM events WHERE type = 'operator.factors-removed' AND details ->> 'email' = $1`,
    [email],
  );
  expect(event.details).toMatchObject({ passkeys: 1, totp: false });
});
