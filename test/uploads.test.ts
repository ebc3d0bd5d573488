import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import sharp from 'sharp';
import { afterEach, describe, expect, it } from 'vitest';
import { visit } from './support/account-visits.ts';
import type { BuiltCommunity } from './support/factories.ts';
import { useHub } from './support/use-hub.ts';

// Bodies of megabytes that come slowly, or never to their end.

let log = '';
const hub = useHub({
  env: { LOG_LEVEL: 'debug' },
  log: (line) => {
    log += line;
  },
  community: {},
  neighbour: {},
});

const sockets = new Set<Socket>();
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
});

type Member = { cookie: string; csrf: string; path: string };

async function signIn(of: BuiltCommunity): Promise<Member> {
  const { browser, at } = await visit(hub, of);
  const page = await browser.open(at('/account/profile'));
  return {
    cookie: await browser.jar.getCookieString(at('/account/profile')),
    csrf:
      page.document.querySelector('#profile-form input[name=csrf]')?.getAttribute('value') ?? '',
    path: new URL(at('/account/profile')).pathname,
  };
}

/** An upload of ten megabytes of which one comes. */
class Upload {
  readonly #socket: Socket;
  #text = '';

  constructor(
    { cookie, csrf, path }: Member,
    { size = 10_000_000, filler = 1_000_000, end = '' } = {},
  ) {
    this.#socket = connect({ port: hub.config.listen.port, host: '127.0.0.1' });
    sockets.add(this.#socket);
    this.#socket.on('error', () => {});
    this.#socket.on('data', (bytes) => {
      this.#text += bytes;
    });
    const part = (disposition: string) =>
      `--x\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n`;
    const head = `${csrf === '' ? '' : `${part('name="csrf"')}${csrf}\r\n`}${part('name="picture"; filename="a.jpg"')}`;
    this.#socket.write(
      `POST ${path} HTTP/1.1\r\nHost: ${new URL(hub.url).host}\r\nAccept: text/html\r\nCookie: ${cookie}\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: ${size}\r\n\r\n${head}`,
    );
    this.#socket.write(Buffer.alloc(filler, 0x41));
    if (end !== '') this.#socket.write(end);
  }

  get answer(): string {
    return this.#text;
  }

  async status(): Promise<number> {
    while (!this.#text.includes('\r\n\r\n')) {
      if (this.#socket.destroyed) return 0;
      await delay(10);
    }
    return Number(/^HTTP\/1\.1 (\d+)/.exec(this.#text)?.[1]);
  }

  leave(): Promise<unknown> {
    const closed = new Promise((resolve) => this.#socket.once('close', resolve));
    this.#socket.destroy();
    return closed;
  }
}

/** Of these uploads, those that were refused; the others are being read. */
async function refusedOf(uploads: Upload[], count: number): Promise<Upload[]> {
  for (;;) {
    const refused = uploads.filter(({ answer }) => answer.includes('\r\n\r\n'));
    if (refused.length >= count) return refused;
    await delay(20);
  }
}

describe('uploads that are not finished', () => {
  it('of one member are two at the most; others are told when to come again, before they were read', async () => {
    const member = await signIn(hub.community);
    const uploads = Array.from({ length: 5 }, () => new Upload(member));
    const refused = await refusedOf(uploads, 3);
    expect(refused).toHaveLength(3);
    for (const { answer } of refused) {
      expect(answer).toContain('HTTP/1.1 503');
      expect(answer).toMatch(/retry-after: \d+/i);
    }
    // Whoever goes away makes room at once.
    for (const upload of uploads) await upload.leave();
    const picture = await sharp({
      create: { width: 64, height: 64, channels: 3, background: '#00ff00' },
    })
      .png()
      .toBuffer();
    await expectUploaded(member, picture);
  });

  it('of one community leave another its own', async () => {
    const members = await Promise.all(Array.from({ length: 5 }, () => signIn(hub.community)));
    const uploads = members.flatMap((member) => [new Upload(member), new Upload(member)]);
    expect(await refusedOf(uploads, 4)).toHaveLength(4);
    const picture = await sharp({
      create: { width: 64, height: 64, channels: 3, background: '#0000ff' },
    })
      .png()
      .toBuffer();
    await expectUploaded(await signIn(hub.neighbour), picture);
  });
});

/** Tries again while it is told to. */
async function expectUploaded(member: Member, picture: Buffer): Promise<void> {
  for (;;) {
    const body = new FormData();
    body.set('csrf', member.csrf);
    body.set('display_name', 'Camille');
    body.set('picture', new Blob([new Uint8Array(picture)]), 'a.png');
    const response = await fetch(`${hub.url}${member.path}`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie: member.cookie, origin: hub.url },
      body,
    });
    await response.text();
    if (response.status === 503) continue;
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toContain('notice=saved');
    return;
  }
}

describe('an upload is refused before its file is read', () => {
  it('when nobody is signed in', async () => {
    const { path } = await signIn(hub.community);
    const upload = new Upload({ cookie: '', csrf: 'x', path });
    expect(await upload.status()).toBe(303);
    expect(upload.answer).toContain('/login');
  });

  it.each([
    ['a token of another page', 'x'.repeat(43)],
    ['no token before it', ''],
  ])('when it comes with %s', async (_what, csrf) => {
    const upload = new Upload({ ...(await signIn(hub.community)), csrf });
    expect(await upload.status()).toBe(403);
  });

  it('and its sender, who goes on sending, can read why', async () => {
    const member = { ...(await signIn(hub.community)), csrf: 'x'.repeat(43) };
    const response = await fetch(`${hub.url}${member.path}`, {
      method: 'POST',
      headers: {
        cookie: member.cookie,
        accept: 'text/html',
        'content-type': 'multipart/form-data; boundary=x',
      },
      body: Buffer.concat([
        Buffer.from(`--x\r\nContent-Disposition: form-data; name="picture"; filename="a"\r\n\r\n`),
        Buffer.alloc(30_000_000, 0x41),
        Buffer.from('\r\n--x--\r\n'),
      ]),
    });
    expect(response.status).toBe(403);
    expect(await response.text()).toContain('</html>');
  });
});

it('a visitor who goes away in the middle is no fault in the log', async () => {
  let seen = 0;
  hub.app.server?.on('request', () => {
    seen += 1;
  });
  const member = await signIn(hub.community);
  const cut = [new Upload(member), new Upload({ ...member, csrf: 'x' })];
  for (const [path, body] of [
    ['/login', 'username=a'],
    ['/oidc/token', 'grant_type=authorization_code'],
    ['/oidc/auth', 'client_id=a'],
    ['/oidc/device', 'user_code=a'],
    ['/oidc/session/end/confirm', 'logout=yes'],
  ]) {
    const socket = connect({ port: hub.config.listen.port, host: '127.0.0.1' });
    socket.on('error', () => {});
    sockets.add(socket);
    socket.write(
      `POST /c/${hub.community.slug}${path} HTTP/1.1\r\nHost: ${new URL(hub.url).host}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000\r\n\r\n${body}`,
    );
  }
  // Answers that are not waited for.
  for (let n = 0; n < 20; n += 1) {
    const socket = connect({ port: hub.config.listen.port, host: '127.0.0.1' });
    socket.on('error', () => {});
    sockets.add(socket);
    socket.write(
      `GET /c/${hub.community.slug}/oidc/auth?client_id=nobody HTTP/1.1\r\nHost: ${new URL(hub.url).host}\r\nAccept: text/html\r\n\r\n`,
      () => socket.resetAndDestroy(),
    );
  }
  while (seen < 10 || !log.includes('wrong token')) await delay(10);
  await Promise.all(cut.map((upload) => upload.leave()));
  for (const socket of sockets) socket.resetAndDestroy();
  // The pages' readers say so; the protocol's own have none to tell.
  while (log.split('the visitor went away').length < 3) await delay(10);
  await hub.app.settle();
  const faults = log.split('\n').filter((line) => /"level":(40|50)/.test(line));
  expect(faults).toEqual([]);
});
