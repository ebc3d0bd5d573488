import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { SMTPServerOptions } from 'smtp-server';
import { afterEach, describe, expect, it } from 'vitest';
import { mail } from '../src/domain/notices/mail.ts';
import { parseConfig } from '../src/platform/config/config.ts';
import { parseSmtpUrl, type SmtpServer } from '../src/platform/config/smtp-url.ts';
import { createMailer } from '../src/platform/mail/transport.ts';
import { enqueue } from '../src/platform/outbox/outbox.ts';
import { writeCertificate } from './support/certificate.ts';
import { buildCommunity } from './support/factories.ts';
import { startHub } from './support/hub.ts';
import { startSmtp, type TestSmtp } from './support/smtp.ts';

const MAIL = {
  to: 'zoe@jardins.example',
  fromName: 'La MYNE',
  replyTo: null,
  messageId: '<1@hub.example>',
  locale: 'fr',
  subject: 'Bonjour',
  html: '<p>Bonjour</p>',
  text: 'Bonjour',
};
const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function start(options: SMTPServerOptions = {}): Promise<TestSmtp> {
  const smtp = await startSmtp(options);
  stops.push(smtp.stop);
  return smtp;
}

function mailerTo(url: string, attemptMs?: number) {
  const server = parseSmtpUrl(url) as SmtpServer;
  const mailer = createMailer({
    server,
    from: 'noreply@hub.example',
    ehloName: 'login.hub.example',
    attemptMs,
  });
  stops.unshift(async () => mailer.close());
  return mailer;
}

/** A server of a certificate that this process trusts from now on, and another that it does not. */
async function certificates() {
  const folder = await mkdtemp(join(tmpdir(), 'trousseau-smtp-'));
  const pair = async (name: string) => {
    const { cert, key } = await writeCertificate(folder, name);
    return { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') };
  };
  const [trusted, foreign] = [await pair('trusted'), await pair('foreign')];
  const before = getCACertificates('default');
  setDefaultCACertificates([...before, trusted.cert]);
  stops.push(async () => setDefaultCACertificates(before));
  return { trusted, foreign };
}

/** As `localhost`, which is the name in the certificates. */
const named = (url: string) => url.replace('127.0.0.1', 'localhost');
const listening = { name: 'localhost' };

describe('the hub calls itself', () => {
  const nameOf = (env: Record<string, string>) => parseConfig(env).mail.ehloName;

  it.each([
    [{ TROUSSEAU_URL: 'https://login.lieu.example' }, 'login.lieu.example'],
    [{ TROUSSEAU_URL: 'https://Été.Lieu.example.:8443' }, 'xn--t-9fab.lieu.example'],
    [{ TROUSSEAU_URL: 'https://192.0.2.1', MAIL_FROM: 'a@b.example' }, '[192.0.2.1]'],
    [{ TROUSSEAU_URL: 'https://[2001:db8::1]', MAIL_FROM: 'a@b.example' }, '[IPv6:2001:db8::1]'],
    // No server takes this machine's short name for a sender's.
    [{ TROUSSEAU_URL: 'http://localhost:8080' }, '[127.0.0.1]'],
    [
      { TROUSSEAU_URL: 'http://localhost:8080', TROUSSEAU_SMTP_NAME: 'Out.Lieu.example' },
      'out.lieu.example',
    ],
    [{ TROUSSEAU_SMTP_NAME: '192.0.2.7' }, '[192.0.2.7]'],
  ])('with %j, %s', (env, expected) => {
    expect(nameOf(env)).toBe(expected);
  });

  it.each(['a b', 'x\r\nMAIL FROM', 'https://lieu.example', 'lieu.example:25'])(
    'never %j',
    (name) => {
      expect(() => nameOf({ TROUSSEAU_SMTP_NAME: name })).toThrow('TROUSSEAU_SMTP_NAME: ');
    },
  );

  it('so to the mail server', async () => {
    const names: string[] = [];
    const smtp = await start({
      onMailFrom(_address, session, done) {
        names.push(session.hostNameAppearsAs as string);
        done();
      },
    });
    expect(await mailerTo(smtp.url).send(MAIL)).toEqual({ state: 'done' });
    expect(names).toEqual(['login.hub.example']);
  });
});

describe('a mail server', () => {
  it('that says nothing is given up in time, and the message comes again', async () => {
    const smtp = await start({ onConnect() {} });
    const before = Date.now();
    expect(await mailerTo(smtp.url, 300).send(MAIL)).toEqual({
      state: 'retry',
      reason: 'the mail server took too long',
    });
    expect(Date.now() - before).toBeLessThan(5_000);
  });

  it('is spoken to over TLS where that is required, and else not at all', async () => {
    const { trusted, foreign } = await certificates();
    const safe = await start({ ...listening, ...trusted });
    const required = (url: string) => `${named(url)}?starttls=required`;
    expect(await mailerTo(required(safe.url)).send(MAIL)).toEqual({ state: 'done' });
    expect(safe.mails).toMatchObject([{ to: [MAIL.to], secure: true }]);

    const stranger = await start({ ...listening, ...foreign });
    expect(await mailerTo(required(stranger.url)).send(MAIL)).toMatchObject({ state: 'retry' });
    const open = await start();
    expect(await mailerTo(required(open.url)).send(MAIL)).toMatchObject({ state: 'retry' });
    expect([...stranger.mails, ...open.mails]).toEqual([]);
  });

  it('on this machine may have a certificate of its own making, or none', async () => {
    const { foreign } = await certificates();
    const own = await start({ ...listening, ...foreign });
    expect(await mailerTo(named(own.url)).send(MAIL)).toEqual({ state: 'done' });
    expect(own.mails).toMatchObject([{ secure: true }]);
    const open = await start();
    expect(await mailerTo(open.url).send(MAIL)).toEqual({ state: 'done' });
    expect(open.mails).toMatchObject([{ secure: false }]);
  });

  it('is spoken to with TLS from the start where the address says so', async () => {
    const { trusted } = await certificates();
    const smtp = await start({ ...listening, ...trusted, secure: true });
    const url = named(smtp.url).replace('smtp:', 'smtps:');
    expect(await mailerTo(url).send(MAIL)).toEqual({ state: 'done' });
    expect(smtp.mails).toMatchObject([{ secure: true }]);
  });

  it('that does not know the reader is believed; one that does not know us may be mended', async () => {
    const refuse = (_address: unknown, _session: unknown, done: (error: Error) => void) =>
      done(Object.assign(new Error('zoe@jardins.example unknown'), { responseCode: 550 }));
    const reader = await start({ onRcptTo: refuse });
    expect(await mailerTo(reader.url).send(MAIL)).toEqual({
      state: 'refused',
      reason: 'the mail server answered 550 to RCPT TO',
    });
    const sender = await start({ onMailFrom: refuse });
    expect(await mailerTo(sender.url).send(MAIL)).toEqual({
      state: 'retry',
      reason: 'the mail server answered 550 to MAIL FROM',
    });
  });

  it('that asks for a password gets it; a wrong one may be mended, and is told to nobody', async () => {
    const smtp = await start({
      authOptional: false,
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _session, done) =>
        username === 'hub' && password === 'p@ss/word'
          ? done(null, { user: username })
          : done(new Error(`no ${password}`)),
    });
    const as = (who: string) => smtp.url.replace('//', `//${who}@`);
    expect(await mailerTo(as('hub:p%40ss%2Fword')).send(MAIL)).toEqual({ state: 'done' });
    const wrong = mailerTo(as('hub:sesame'));
    const outcome = await wrong.send(MAIL);
    expect(outcome).toMatchObject({ state: 'retry' });
    expect(JSON.stringify([outcome, await wrong.fault()])).not.toContain('sesame');
    expect(await mailerTo(as('hub:p%40ss%2Fword')).fault()).toBeUndefined();
  });

  it('gets the next message after it refused one', async () => {
    const smtp = await start();
    const mailer = mailerTo(smtp.url);
    smtp.answers.push(550);
    expect(await mailer.send(MAIL)).toMatchObject({ state: 'refused' });
    expect(await mailer.send(MAIL)).toEqual({ state: 'done' });
    expect(smtp.mails).toHaveLength(1);
  });
});

it('a mail server that hangs keeps nothing else from being delivered', async () => {
  const smtp = await startSmtp({ onConnect() {}, closeTimeout: 100 });
  const hub = await startHub({ SMTP_URL: smtp.url });
  stops.push(hub.stop);
  // Those who are connected are let go of first: the hub waits for its attempts when it stops.
  stops.unshift(smtp.stop);
  const { id: communityId } = await buildCommunity(hub.database, { registration: 'closed' });
  const place = { communityId, issuerUrl: hub.url, locale: 'fr' as const };
  const mails = Array.from({ length: 20 }, () =>
    mail({ ...place, template: 'left', to: 'zoe@jardins.example' }),
  );
  await hub.database.transaction((tx) => enqueue(tx, mails));
  const attempted = async () => {
    const [row] = await hub.database.query(
      `SELECT count(*)::int AS n FROM outbox WHERE kind = 'mail' AND attempts > 0`,
    );
    return row.n;
  };
  await expect.poll(attempted, { timeout: 10_000 }).toBe(4);
  await hub.database.transaction((tx) =>
    enqueue(tx, [
      {
        kind: 'registration-request',
        communityId,
        payload: { email: 'zoe@jardins.example', issuerUrl: hub.url, locale: 'fr' },
      },
    ]),
  );
  const isDone = async () => {
    const [row] = await hub.database.query(
      `SELECT done_at IS NOT NULL AS done FROM outbox WHERE kind = 'registration-request'`,
    );
    return row.done;
  };
  await expect.poll(isDone, { timeout: 5_000 }).toBe(true);
  expect(await attempted()).toBe(4);
});

describe('SMTP_URL', () => {
  it.each([
    ['smtp://mail.example', { host: 'mail.example', port: 25, starttls: 'required' }],
    ['smtp://u:p%2540@mail.example', { port: 587, auth: { user: 'u', pass: 'p%40' } }],
    ['smtps://u:p@mail.example', { port: 465, secure: true }],
    ['smtp://[::1]:2525', { host: '::1', port: 2525, starttls: 'optional' }],
    ['smtp://relay.lan?starttls=optional', { starttls: 'optional' }],
    ['smtp://relay.lan/?starttls=off', { starttls: 'off' }],
  ])('%s is understood', (url, meaning) => {
    expect(parseSmtpUrl(url)).toMatchObject(meaning);
  });

  it.each([
    'mail.example',
    'http://mail.example',
    'smtp://',
    'smtp://u:pa/ss@mail.example',
    'smtp://u:%zz@mail.example',
    'smtp://mail.example?starttls=never',
    'smtp://mail.example?tls.rejectUnauthorized=false',
    'smtps://mail.example?starttls=off',
  ])('%s is refused, in words without its password', (url) => {
    const { fault } = parseSmtpUrl(url) as { fault: string };
    expect(fault).toBeTruthy();
    expect(fault).not.toMatch(/pa\/ss|%zz/);
  });
});
