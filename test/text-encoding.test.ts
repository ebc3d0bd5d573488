import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../src/platform/config/config.ts';
import { readSecrets } from '../src/platform/secrets/secret-file.ts';
import { decodeText, EncodingError } from '../src/platform/text/whole-text.ts';
import { applyFile } from '../src/transfer/apply/apply-file.ts';
import { asForm, sendRaw } from './security/raw-request.ts';
import { visit } from './support/account-visits.ts';
import { applyText, SEALER } from './support/apply-text.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { useHub } from './support/use-hub.ts';

const FILE = `version: 1
communities:
  - slug: lamyne
    name: La Myne
    members: [{ username: zoe, name: Zoé Œuvrard, email: zoe@lamyne.example }]
`;

describe('a file that is applied', () => {
  let db: TestDatabase;
  let folder: string;
  beforeEach(async () => {
    db = await cloneDatabase();
    folder = await mkdtemp(join(tmpdir(), 'encoding-'));
  });
  afterEach(async () => {
    await db.drop();
    await rm(folder, { recursive: true });
  });

  const apply = async (bytes: Uint8Array) => {
    const path = join(folder, 'hub.yaml');
    await writeFile(path, bytes);
    const options = { path, hubUrl: 'https://hub.example', env: {} };
    return applyFile(db.database, SEALER, options).then(
      () => '',
      (error: Error) => error.message.replaceAll(`${folder}/`, ''),
    );
  };
  const names = async () => {
    const rows = await db.database.query<{ name: string }>(
      'SELECT display_name AS name FROM memberships',
    );
    return rows.map(({ name }) => name);
  };

  it('in the encoding of a French Windows is refused, with line, column and what to do', async () => {
    const told = await apply(Buffer.from(FILE.replace('Œ', 'O'), 'latin1'));
    expect(told).toContain(
      'hub.yaml:5:40: the file is not UTF-8, but probably Windows-1252 (Latin-1): save it as UTF-8, or convert it with: iconv -f WINDOWS-1252 -t UTF-8',
    );
    expect(await names()).toEqual([]);
  });

  it('of which a part was put in from elsewhere is refused where that begins', async () => {
    const [before, after] = FILE.split('Œ').map((text) => Buffer.from(text));
    const told = await apply(
      Buffer.concat([before as Buffer, Buffer.from([0x8c]), after as Buffer]),
    );
    expect(told).toContain('hub.yaml:5:42: the file is UTF-8 in part only');
  });

  it.each([
    ['UTF-16 with a mark', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['the other UTF-16', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
    ['UTF-16 without a mark', (text: string) => Buffer.from(text, 'utf16le')],
  ])('in %s is told that it is', async (_name, encode) => {
    expect(await apply(encode(FILE))).toMatch(/hub\.yaml:1:[12]: the file .*UTF-16.*UTF-8/);
  });

  it('with a byte order mark of UTF-8 is as good as without, and with the line ends of Windows', async () => {
    expect(await apply(Buffer.from(`\ufeff${FILE.replaceAll('\n', '\r\n')}`))).toBe('');
    expect(await names()).toEqual(['Zoé Œuvrard']);
  });

  it('with a letter that an earlier conversion lost is refused, typed or escaped', async () => {
    expect(await apply(Buffer.from(FILE.replace('é', '\ufffd')))).toContain(
      'hub.yaml:5:40: the file holds the sign U+FFFD',
    );
    for (const escaped of ['"Zo\\ufffd"', '"Zo\\ud800"', '"Zo\\0"']) {
      expect(await apply(Buffer.from(FILE.replace('Zoé Œuvrard', escaped)))).toContain(
        'hub.yaml:5:32 communities[0].members[0].name: holds NUL, U+FFFD or half of a character',
      );
    }
    expect(await names()).toEqual([]);
  });

  it('takes no secret from the environment of which letters were lost', async () => {
    const text = FILE.replace('email:', 'password: { env: ZOE }, email:');
    await expect(
      applyText(db.database, text, { env: { ZOE: 'un caf\ufffd noir, merci' } }),
    ).rejects.toThrow('the environment variable ZOE is not text in UTF-8');
  });
});

describe('what is decoded', () => {
  it('never says what stands where it is not text', () => {
    const bytes = Buffer.from('premier\nmot de passe tr\xe8s secret\n', 'latin1');
    try {
      decodeText(bytes);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(EncodingError);
      expect(error).toMatchObject({ line: 2, column: 16 });
      expect((error as Error).message).not.toMatch(/secret|mot|tr/);
    }
  });

  it('counts columns in characters', () => {
    const bytes = Buffer.concat([Buffer.from('👩‍🌾é🌱'), Buffer.from([0xff])]);
    expect(() => decodeText(bytes)).toThrow(expect.objectContaining({ line: 1, column: 6 }));
  });
});

describe('the settings', () => {
  it('are refused where the environment holds another encoding', () => {
    expect(() =>
      parseConfig({
        MAIL_FROM: 'Caf\ufffd <hub@hub.example>',
        TROUSSEAU_DATA: '/srv/donn\ufffdes',
      }),
    ).toThrow(/MAIL_FROM: is not text in UTF-8[\s\S]*TROUSSEAU_DATA: is not text in UTF-8/);
  });

  it('are refused where the file of the keys does', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'encoding-'));
    const path = join(folder, 'secret');
    await writeFile(path, Buffer.from(`${'k'.repeat(40)}\ncl\xe9${'k'.repeat(40)}\n`, 'latin1'));
    const config = parseConfig({ TROUSSEAU_SECRET_FILE: path });
    await expect(readSecrets(config)).rejects.toThrow(
      `TROUSSEAU_SECRET_FILE: ${path}:2:3: the file is not UTF-8`,
    );
    await rm(folder, { recursive: true });
  });
});

describe('what is sent to the hub', () => {
  const hub = useHub({ community: {} });

  const stored = async (subject: string) => {
    const [row] = await hub.database.query<{ name: string }>(
      'SELECT display_name AS name FROM memberships WHERE subject = $1',
      [subject],
    );
    return row?.name;
  };
  /** The profile's form as a program with another encoding would send it. */
  async function profile() {
    const { member, browser, at } = await visit(hub, hub.community);
    const page = await browser.open(at('/account/profile'));
    const csrf = page.document.querySelector('#profile-form input[name=csrf]');
    const cookie = await browser.jar.getCookieString(page.url);
    const { pathname } = new URL(page.url);
    const token = csrf?.getAttribute('value') as string;
    const send = (headers: Record<string, string>, body: Buffer | string) =>
      sendRaw(hub, pathname, { method: 'POST', headers: { cookie, ...headers }, body });
    return { member, token, send };
  }
  const expectToldSo = (answer: { status: number; text: string }) => {
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('Un texte n’a pas pu être lu');
    expect(answer.text).toContain('retapez les mots concernés');
  };

  it.each([
    ['escaped bytes of Latin-1', 'Zo%E9'],
    ['bytes of Latin-1', Buffer.from('Zo\xe9', 'latin1')],
    ['half a surrogate pair', 'Zo%ED%A0%80'],
    ['an overlong form', 'Zo%C0%AF'],
    ['NUL', 'Zo%00'],
    ['U+FFFD itself', 'Zo%EF%BF%BD'],
  ])(
    '%s in a form are refused with a page that says what to do, and nothing is stored',
    async (_name, value) => {
      const { member, token, send } = await profile();
      const before = await stored(member.subject);
      const { headers } = asForm('');
      for (const field of ['display_name', 'nickname', 'never_heard_of']) {
        const body = Buffer.concat([
          Buffer.from(`csrf=${encodeURIComponent(token)}&display_name=Zo&${field}=`),
          Buffer.from(value),
        ]);
        expectToldSo(await send(headers, body));
      }
      const name = Buffer.concat([
        Buffer.from(`csrf=${encodeURIComponent(token)}&display_name=Zo&`),
        Buffer.from(value),
        Buffer.from('=x'),
      ]);
      expectToldSo(await send(headers, name));
      expect(await stored(member.subject)).toBe(before);
    },
  );

  it('a form with a file is refused for its fields, their names and the name of the file', async () => {
    const { member, token, send } = await profile();
    const before = await stored(member.subject);
    const part = (disposition: string, value: string, more = '') =>
      `--x\r\nContent-Disposition: form-data; ${disposition}\r\n${more}\r\n${value}\r\n`;
    const form = (...parts: string[]) =>
      send(
        { 'content-type': 'multipart/form-data; boundary=x' },
        Buffer.from(
          `${part('name="csrf"', token)}${part('name="display_name"', 'Zo')}${parts.join('')}--x--\r\n`,
          'latin1',
        ),
      );
    expectToldSo(await form(part('name="nickname"', 'Zo\xe9')));
    expectToldSo(await form(part('name="nickname"', 'Zo\0')));
    expectToldSo(await form(part('name="surnom-\xe9"', 'Zo')));
    expectToldSo(await form(part('name="picture"; filename="zo\xe9.png"', '')));
    expect(await stored(member.subject)).toBe(before);
    // What says which encoding it is can be read.
    const told = await form(
      part('name="nickname"', 'Zo\xe9', 'Content-Type: text/plain; charset=iso-8859-1\r\n'),
    );
    expect(told.status).toBe(303);
  });

  it('an app hears of it before anything is kept, in a query and in a body', async () => {
    const grants = {
      grants: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'],
    };
    const app = await hub.newClient(grants);
    const { pathname, search } = new URL(app.authorizationUrl({ state: undefined }));
    expectToldSo(await sendRaw(hub, `${pathname}${search}&state=Zo%E9`));
    const headers = { ...asForm('').headers, authorization: app.basic() };
    const pushed = search.slice(1);
    for (const [path, body] of [
      ['/oidc/request', `${pushed}&login_hint=Zo%E9`],
      ['/oidc/request', `${pushed}&login_hint=Zo%EF%BF%BD`],
      ['/oidc/request', `${pushed}&claims=${encodeURIComponent('{"userinfo":{"a\ufffd":null}}')}`],
      ['/oidc/device/auth', 'scope=openid&login_hint=Zo%E9'],
    ] as const) {
      const answer = await sendRaw(hub, `/c/${hub.community.slug}${path}`, {
        method: 'POST',
        headers,
        body,
      });
      expect([path, answer.status]).toEqual([path, 400]);
      expect(JSON.parse(answer.text)).toEqual({
        error: 'invalid_request',
        error_description: 'a parameter is not whole text in UTF-8',
      });
    }
    const good = await sendRaw(hub, `/c/${hub.community.slug}/oidc/request`, {
      method: 'POST',
      headers,
      body: `${pushed}&login_hint=Zo%C3%A9`,
    });
    expect(good.status).toBe(201);
  });
});
