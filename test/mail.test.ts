import { parse } from 'node-html-parser';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { listKeptMails, readKeptMail } from '../src/domain/notices/kept-mail-store.ts';
import { type Mail, mail } from '../src/domain/notices/mail.ts';
import { listShownLinks } from '../src/domain/notices/shown-links.ts';
import { createFirstOperator, ensureSetupToken } from '../src/domain/operators/create-operator.ts';
import { deliverMail } from '../src/pages/mails/deliver-mail.ts';
import { createMailRenderer } from '../src/pages/mails/render-mail.ts';
import { parseConfig } from '../src/platform/config/config.ts';
import { parseSmtpUrl, type SmtpServer } from '../src/platform/config/smtp-url.ts';
import { createMailer } from '../src/platform/mail/transport.ts';
import { enqueue } from '../src/platform/outbox/outbox.ts';
import { Browser } from './support/browser.ts';
import { PASSWORD } from './support/factories.ts';
import { openOutboxFeed } from './support/feed.ts';
import { startSmtp, type TestSmtp } from './support/smtp.ts';
import { useHub } from './support/use-hub.ts';

const hub = useHub({
  env: { TROUSSEAU_ROLES: 'web' },
  community: { accent: '#0a7d5a', contact: 'aide@lamyne.example' },
});
let smtp: TestSmtp;

const renderer = createMailRenderer();
const log = { info() {} } as unknown as Parameters<typeof deliverMail>[0]['log'];

beforeAll(async () => {
  smtp = await startSmtp();
  // Past every rule, as a mistake of ours would write it.
  await hub.database.query('UPDATE communities SET name = $2 WHERE id = $1', [
    hub.community.id,
    'La « MYNE »\r\nBcc: eve@evil.example',
  ]);
});
afterAll(() => smtp.stop());
beforeEach(() => {
  smtp.mails.length = 0;
  smtp.answers.length = 0;
});

const about = (change: Partial<Mail> = {}): Mail => ({
  communityId: hub.community.id,
  issuerUrl: 'https://hub.example/c/lamyne',
  template: 'registration',
  to: 'zoe@jardins.example',
  locale: 'fr',
  link: { kind: 'registration', hours: 24 },
  ...change,
});

async function deliver(change: Partial<Mail> = {}, url: string | null = smtp.url) {
  const server = url === null ? undefined : (parseSmtpUrl(url) as SmtpServer);
  const mailer =
    server &&
    createMailer({
      server,
      from: 'noreply@hub.example',
      ehloName: 'login.hub.example',
    });
  const message = { ...mail(about(change)), id: '42', attempts: 1 };
  const outcome = await deliverMail(
    { database: hub.database, sealer: hub.sealer, renderer, mailer, log },
    message,
  );
  mailer?.close();
  return outcome;
}

/** Bodies as they read: quoted-printable undone. */
function readable(raw: string): string {
  const bytes = raw
    .replaceAll(/=\r\n/g, '')
    .replaceAll(/=([0-9A-F]{2})/g, (_all, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

describe('a message', () => {
  it('arrives as HTML and as text, from the community, with a link that opens once', async () => {
    expect(await deliver()).toEqual({ state: 'done' });
    const [arrived] = smtp.mails;
    expect(arrived).toMatchObject({ from: 'noreply@hub.example', to: ['zoe@jardins.example'] });
    const raw = arrived?.raw as string;
    expect(raw).toMatch(/^Auto-Submitted: auto-generated/m);
    expect(raw.replaceAll(/\r\n /g, ' ')).toMatch(/^Reply-To: .*<aide@lamyne\.example>/m);
    expect(raw).toContain('text/plain');
    expect(raw).toContain('text/html');
    const [, token] = /https:\/\/hub\.example\/c\/lamyne\/register\/([\w-]{43})/.exec(
      readable(raw),
    ) as RegExpExecArray;
    const [link] = await hub.database.query(
      `SELECT kind, email, used_at FROM links WHERE community_id = $1 AND token_hash = sha256($2::bytea)`,
      [hub.community.id, Buffer.from(token as string)],
    );
    expect(link).toEqual({ kind: 'registration', email: 'zoe@jardins.example', used_at: null });
  });

  it("has no header of anybody's making, whatever a community or a person is called", async () => {
    await deliver({
      template: 'invitation',
      link: undefined,
      data: { invitedBy: 'Eve\r\nBcc: all@evil.example\r\n\r\nHello' },
    });
    const headers = smtp.mails[0]?.raw.split('\r\n\r\n')[0];
    expect(headers).not.toMatch(/^Bcc:/im);
    expect(smtp.mails[0]?.to).toEqual(['zoe@jardins.example']);
  });

  it('carries the same Message-ID when it is sent again', async () => {
    await deliver();
    await deliver();
    const ids = smtp.mails.map(({ raw }) => /^Message-ID: (.*)$/im.exec(raw)?.[1]);
    expect(ids[0]).toBeTruthy();
    expect(ids[0]).toBe(ids[1]);
  });

  it('comes again after "not now", and is given up after "never"', async () => {
    smtp.answers.push(451);
    expect(await deliver()).toMatchObject({ state: 'retry' });
    smtp.answers.push(550);
    expect(await deliver()).toMatchObject({ state: 'refused' });
    expect(await deliver({}, 'smtp://127.0.0.1:1')).toMatchObject({ state: 'retry' });
    expect(smtp.mails).toEqual([]);
  });

  it('names neither its reader nor its words in what the outbox keeps of a failure', async () => {
    smtp.answers.push(550);
    expect(JSON.stringify(await deliver())).not.toMatch(/zoe|jardins|not now/);
  });

  it.each(['fr', 'en'] as const)('says what it has to in every template, in %s', (locale) => {
    const templates = [
      'verification',
      'recovery',
      'registration',
      'registration-known',
      'invitation',
      'request-received',
      'request-approved',
      'request-refused',
      'new-device',
      'new-passkey',
      'new-app-password',
      'passkey-removed',
      'second-factor-added',
      'second-factor-removed',
      'recovery-code-used',
      'password-changed',
      'email-changed',
      'email-removed',
      'assisted-recovery-started',
      'assisted-recovery-ready',
      'left',
      'deletion-requested',
      'deletion-done',
      'joined',
      'group-requested',
      'group-request-approved',
      'group-request-refused',
      'ends-near',
      'ends-digest',
    ] as const;
    const lines = ['membership', 'admin', 'owner', 'group'].map((kind) => ({
      kind,
      displayName: 'Zoé',
      group: 'jardin',
      until: '2027-06-30T22:00:00Z',
    }));
    for (const template of templates) {
      const {
        subject: line,
        html,
        text,
      } = renderer.render({
        template,
        locale,
        community: { name: 'La MYNE', accent: null, logoUrl: undefined, contactEmail: null },
        data: {
          invitedBy: 'Zoé',
          displayName: 'Zoé',
          username: 'zoe',
          device: 'Firefox',
          ip: '192.0.2.7',
          at: '2026-11-23T08:30:00Z',
          due: '2026-12-07T08:30:00Z',
          passkey: 'Téléphone',
          name: 'Messagerie',
          service: 'Courriel',
          group: 'jardin',
          host: 'hub.example',
          left: 3,
          address: 'zoe@jardins.example',
          requestedBy: 'Hélène',
          delay: 72,
          ...(template.startsWith('ends-') && { lines }),
        },
        url: 'https://hub.example/x',
      });
      expect(`${line}${html}${text}`, template).not.toMatch(/\{\{|undefined|\[object/);
      expect(line.length, template).toBeGreaterThan(8);
      expect(parse(html).querySelectorAll('h1'), template).toHaveLength(1);
      expect(parse(html).querySelector('html')?.getAttribute('lang')).toBe(locale);
    }
  });

  it('shows what people wrote as text', () => {
    const { html } = renderer.render({
      template: 'request-received',
      locale: 'fr',
      community: { name: '<b>x</b>', accent: null, logoUrl: undefined, contactEmail: null },
      data: { displayName: '<img src=x onerror=alert(1)>', username: 'zoe' },
      url: 'https://hub.example/x',
    });
    expect(html).not.toMatch(/<img|<b>/);
  });
});

it('a name in a message becomes no link', () => {
  const { html, text } = renderer.render({
    template: 'verification',
    locale: 'fr',
    community: { name: 'La MYNE', accent: null, logoUrl: undefined, contactEmail: null },
    data: {
      asked: 'added',
      username: 'zoe',
      displayName: 'Gagnez ! https://evil.example/win'.repeat(9),
    },
    url: 'https://hub.example/x',
  });
  expect(`${html}${text}`).not.toMatch(/https:\/\/evil|evil\.example/);
  expect(text.length).toBeLessThan(900);
});

describe('without a mail server', () => {
  it('a message is kept sealed, and the operator reads it', async () => {
    expect(await deliver({}, null)).toEqual({ state: 'done' });
    const [kept] = await listKeptMails(hub.database);
    const [row] = await hub.database.query('SELECT sealed_body FROM kept_mails WHERE id = $1', [
      kept?.id,
    ]);
    expect(row.sealed_body.toString('latin1')).not.toContain('register');
    const read = await readKeptMail(hub.database, hub.sealer, kept?.id as string);
    expect(read?.text).toContain('/c/lamyne/register/');

    const visitor = new Browser();
    expect((await visitor.open(`${hub.url}/operator/mails`)).url).toMatch(/\/operator\/login\?/);
    const token = (await hub.database.transaction(ensureSetupToken)) as string;
    await createFirstOperator(hub.database, {
      token,
      email: 'ops@hub.example',
      password: PASSWORD,
    });
    const login = await visitor.open(`${hub.url}/operator/login`);
    await visitor.submit(login, '#login-form', { email: 'ops@hub.example', password: PASSWORD });
    const list = await visitor.open(`${hub.url}/operator/mails`);
    expect(list.document.querySelector(`#mail-${kept?.id}`)).not.toBeNull();
    const shown = await visitor.open(`${hub.url}/operator/mails/${kept?.id}`);
    expect(shown.text).not.toContain('/register/');
    const asked = await visitor.submit(shown, '#show-link');
    expect(asked.document.querySelector('#mail-text a')?.getAttribute('href')).toMatch(
      /\/c\/lamyne\/register\//,
    );
    const [event] = await hub.database.query(
      `SELECT actor FROM events WHERE community_id = $1 AND type = 'kept-mail.link-shown'`,
      [hub.community.id],
    );
    expect(event.actor).toMatch(/^operator:/);
    expect((await visitor.open(`${hub.url}/operator/mails/999999`)).status).toBe(404);
    await hub.database.query(`UPDATE links SET expires_at = now() - interval '1 second'`);
    const late = await visitor.open(`${hub.url}/operator/mails/${kept?.id}`);
    expect(late.text).toContain('Ce lien a expiré');
    expect(late.document.querySelector('#show-link')).toBeNull();
    expect(await listShownLinks(hub.database, hub.community.id)).toMatchObject([
      { link: 'registration', operator: 'ops@hub.example' },
    ]);
  });

  it('the worker takes what a change has queued', async () => {
    const worker = await startHubWorker();
    await hub.database.transaction((tx) =>
      enqueue(tx, [mail(about({ template: 'left', link: undefined, to: 'queued@lieu.example' }))]),
    );
    await expect
      .poll(async () => (await listKeptMails(hub.database)).map(({ recipient }) => recipient), {
        timeout: 10_000,
      })
      .toContain('queued@lieu.example');
    await worker.stop();
  });
});

async function startHubWorker() {
  const { startWorker } = await import('../src/app-worker.ts');
  const { createOutbound } = await import('../src/platform/outbound/outbound.ts');
  const { pino } = await import('pino');
  const feed = await openOutboxFeed(hub.database);
  const worker = startWorker({
    config: hub.config,
    database: hub.database,
    feed,
    sealer: hub.sealer,
    outbound: createOutbound({ privateNetworks: [] }),
    log: pino({ level: 'silent' }),
  });
  return { stop: () => worker.stop().then(feed.close) };
}

describe('the configuration', () => {
  it.each([
    [{ SMTP_URL: 'mail.example' }, 'SMTP_URL'],
    [{ SMTP_URL: 'https://mail.example' }, 'SMTP_URL'],
    [{ MAIL_FROM: 'nobody' }, 'MAIL_FROM'],
  ])('%j is refused at the start, by its name', (env, name) => {
    expect(() => parseConfig(env)).toThrow(name);
  });
  it('takes a sender from the address of the hub where none is given', () => {
    const env = {
      TROUSSEAU_URL: 'https://login.example.org',
      SMTP_URL: 'smtps://u:p@mail.example',
    };
    expect(parseConfig(env).mail.from).toBe('noreply@login.example.org');
  });
});
