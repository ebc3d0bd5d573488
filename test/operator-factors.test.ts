import { TOTP } from 'otpauth';
import { pino } from 'pino';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import { mintLink } from '../src/domain/links/link-store.ts';
import { keepMail, listKeptMails } from '../src/domain/notices/kept-mail-store.ts';
import { insertOperator } from '../src/domain/operators/create-operator.ts';
import { removeOperatorFactors } from '../src/domain/operators/remove-factors.ts';
import { lockOperators } from '../src/domain/operators/save-operators.ts';
import { hashPassword } from '../src/domain/people/password.ts';
import { deliverOperatorMail } from '../src/pages/mails/deliver-mail.ts';
import { createMailRenderer } from '../src/pages/mails/render-mail.ts';
import { parseSmtpUrl, type SmtpServer } from '../src/platform/config/smtp-url.ts';
import { createMailer } from '../src/platform/mail/transport.ts';
import { Authenticator } from './support/authenticator.ts';
import { Browser, type Page } from './support/browser.ts';
import { buildCommunity, buildMember, PASSWORD } from './support/factories.ts';
import { keptMail } from './support/kept-mails.ts';
import {
  csrfOf,
  enrol,
  post,
  question,
  signIn,
  typePassword as signInWithPassword,
} from './support/passkey-visits.ts';
import { startSmtp } from './support/smtp.ts';
import { useHub } from './support/use-hub.ts';

const hub = useHub({ env: { TROUSSEAU_ROLES: 'web' }, community: {} });
let hash: string;
let email: string;
let count = 0;
beforeAll(async () => {
  hash = await hashPassword(PASSWORD);
});
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

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

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
  const { response } = await signIn(hub.issuer, authenticator);
  expect(response.status).toBe(400);

  const [{ id }] = await hub.database.query('SELECT id FROM communities LIMIT 1');
  const { username } = await buildMember(hub.database, id);
  await hub.app.settle();
  const member = await enrol(hub.issuer, username);
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

/** What was queued for the operator at hand, oldest first. */
const told = async () =>
  (
    await hub.database.query<{ data: Record<string, unknown> }>(
      `SELECT payload -> 'data' AS data FROM outbox WHERE kind = 'operator-mail' AND payload ->> 'to' = $1 ORDER BY id`,
      [email],
    )
  ).map(({ data }) => data);

it('an operator is told of a sign-in with a browser that they were not known to use', async () => {
  const browser = new Browser();
  await typePassword(browser);
  await typePassword(browser);
  expect(await told()).toEqual([]);
  await typePassword(new Browser({ headers: { 'user-agent': FIREFOX } }));
  expect(await told()).toMatchObject([
    { change: 'new-device', device: 'Firefox, Linux', ip: '127.0.0.1' },
  ]);
});

it('a message to an operator is delivered in the name of the hub, and leads to the console', async () => {
  const browser = new Browser();
  await typePassword(browser);
  await addTotp(browser);
  const smtp = await startSmtp();
  const server = parseSmtpUrl(smtp.url) as SmtpServer;
  const mailer = createMailer({ server, from: 'noreply@hub.example', ehloName: 'hub.example' });
  const log = pino({ level: 'silent' });
  const parts = { ...hub, renderer: createMailRenderer(), log, hubUrl: hub.config.url };
  const [row] = await hub.database.query(
    `SELECT payload FROM outbox WHERE kind = 'operator-mail' AND payload ->> 'to' = $1`,
    [email],
  );
  const message = {
    id: '7',
    kind: 'operator-mail' as const,
    communityId: null,
    attempts: 1,
    ...row,
  };
  const kept = await deliverOperatorMail({ ...parts, mailer: undefined }, message);
  expect(kept).toEqual({ state: 'done' });
  expect((await keptMail(hub, email)).communityId).toBeNull();
  expect(await deliverOperatorMail({ ...parts, mailer }, message)).toEqual({ state: 'done' });
  mailer.close();
  await smtp.stop();
  const [sent] = smtp.mails;
  expect(sent?.to).toEqual([email]);
  expect((await keptMail(hub, email)).text).toContain(at('/two-factors'));
});

it('codes of an operator are stopped after too many wrong ones, the right one with them', async () => {
  const browser = new Browser();
  await typePassword(browser);
  const { totp } = await addTotp(browser);
  const guesser = new Browser();
  let page = await typePassword(guesser);
  for (let tries = 0; tries < 20 && page.status !== 429; tries += 1)
    page = await guesser.submit(page, '#second-factor-form', { code: '000000' });
  expect(page.status).toBe(429);
  expect(Number(page.headers.get('retry-after'))).toBeGreaterThan(0);
  const right = await guesser.submit(page, '#second-factor-form', { code: totp.generate() });
  expect(right.status).toBe(429);
});

it('each page of the console says who is signed in, signs out, and leads to the others', async () => {
  const browser = new Browser();
  await typePassword(browser);
  await addTotp(browser);
  const paths = ['', '/mails', '/two-factors', '/totp', '/recovery-codes', '/passkeys'];
  for (const path of paths) {
    const { document } = await browser.open(at(path));
    expect([path, document.querySelector('.menu-panel p')?.text]).toEqual([
      path,
      expect.stringContaining(email),
    ]);
    expect([path, document.querySelector('#operator-sign-out') !== null]).toEqual([path, true]);
    const ways = document.querySelectorAll('.side-nav a').map((a) => a.getAttribute('href'));
    expect([path, ways]).toEqual([path, ['/operator', '/operator/mails', '/operator/two-factors']]);
    expect([path, document.querySelectorAll('.side-nav a[aria-current]').length]).toEqual([
      path,
      1,
    ]);
  }
});

it('an error below the console leads back to the console', async () => {
  const { document, status } = await new Browser().open(at('/nulle-part'));
  expect([status, document.querySelector('#home-link')?.getAttribute('href')]).toEqual([
    404,
    '/operator',
  ]);
});

it('the link of a kept message that was shown is seen by the admins, and by the member whose it is', async () => {
  const { slug, id } = await buildCommunity(hub.database);
  const here = `${hub.url}/c/${slug}`;
  const admin = await buildMember(hub.database, id, { role: 'admin' });
  const member = await buildMember(hub.database, id);
  await hub.app.settle();
  const link = { kind: 'recovery' as const, subject: member.subject, hours: 1 };
  const token = await mintLink(hub.database, id, link);
  const mail = { subject: 'x', html: '', text: `Ouvrez ${here}/recover/${token} vite` };
  const to = 'membre@lieu.example';
  await keepMail(hub.database, hub.sealer, { communityId: id, to, mail });
  const browser = new Browser();
  await typePassword(browser);
  const kept = (await listKeptMails(hub.database))[0]?.id;
  const hidden = await browser.open(at(`/mails/${kept}`));
  expect(hidden.text).not.toContain(token);
  const shown = await browser.submit(hidden, '#show-link');
  expect(shown.text).toContain(token);

  const of = async ({ username }: { username: string }, path: string) => {
    const visitor = new Browser();
    await signInWithPassword(visitor, here, username);
    return (await visitor.open(here + path)).text;
  };
  expect(await of(admin, '/admin')).toContain(email);
  const words = 'Lien vers votre compte affiché';
  const told = await of(member, '/account/activity');
  expect(told).toContain(words);
  expect(told).toContain('Message gardé sur votre compte lu');
  expect(await of(admin, '/account/activity')).not.toContain(words);
});
