import { randomBytes } from 'node:crypto';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { createPictureMaker } from '../src/domain/pictures/make-picture.ts';
import { ClientGoneError } from '../src/platform/web/http-errors.ts';
import { readMultipart } from '../src/platform/web/multipart-form.ts';
import { faultsOf, sendProfile, visit } from './support/account-visits.ts';
import { buildCommunity } from './support/factories.ts';
import { RelyingParty } from './support/relying-party.ts';
import { useHub } from './support/use-hub.ts';

const hub = useHub({ community: {} });

const plain = (width: number, height: number, background = '#c02040') =>
  sharp({ create: { width, height, channels: 3, background } });

/** A PNG whose header says that it is huge, and whose pixels compress to nearly nothing. */
function bomb(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length, 0);
    frame.writeUInt32BE(crc(body), 4);
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([1, 0], 8);
  const rows = deflateSync(Buffer.alloc((Math.ceil(width / 8) + 1) * 64));
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', rows),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function crc(data: Buffer): number {
  let value = 0xffffffff;
  for (const byte of data) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit += 1) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  }
  return (value ^ 0xffffffff) >>> 0;
}

const SVG = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
const ZIP = Buffer.from('PK\x03\x04'.padEnd(300, '\0'), 'latin1');

async function upload(picture: Uint8Array, fields: Record<string, string> = {}) {
  const visitor = await visit(hub, hub.community);
  const page = await visitor.browser.open(visitor.at('/account/profile'));
  return { ...visitor, page, answer: await sendProfile(visitor.browser, page, fields, picture) };
}

const addressIn = (page: { document: { querySelector(s: string): unknown }; url: string }) =>
  (
    page.document.querySelector('img.avatar') as { getAttribute(name: string): string } | null
  )?.getAttribute('src');

describe('a picture', () => {
  it('is cropped to a square, turned upright and stripped of where it was taken', async () => {
    const photo = await plain(1200, 800)
      .composite([{ input: await plain(1200, 400, '#2040c0').png().toBuffer(), left: 0, top: 0 }])
      .jpeg()
      .withExif({ IFD0: { Copyright: 'CAMERA-OWNER' }, IFD3: { GPSLatitude: '45/1 45/1 0/1' } })
      .withMetadata({ orientation: 3 })
      .toBuffer();
    const { browser, at, answer } = await upload(photo);
    const address = new URL(addressIn(answer) as string, at('/')).href;
    const response = await browser.send(address);
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/jpeg',
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, max-age=31536000, immutable',
      'content-security-policy': "default-src 'none'; sandbox",
    });
    const seen = await sharp(bytes).metadata();
    expect([seen.width, seen.height, seen.format, seen.exif, seen.orientation]).toEqual([
      512,
      512,
      'jpeg',
      undefined,
      undefined,
    ]);
    expect(bytes.includes('CAMERA-OWNER')).toBe(false);
    const top = await sharp(bytes)
      .extract({ left: 250, top: 4, width: 1, height: 1 })
      .raw()
      .toBuffer();
    expect(top[0]).toBeGreaterThan(150);
  });

  it.each(['png', 'webp', 'gif', 'avif', 'jpeg'] as const)('may be %s', async (format) => {
    const { answer } = await upload(await plain(64, 64).toFormat(format).toBuffer());
    expect(answer.url).toMatch(/notice=saved$/);
    expect(addressIn(answer)).toBeDefined();
  });

  it.each([
    ['an SVG with a script', SVG, 400],
    ['a page', Buffer.from('<!doctype html><script>alert(1)</script>'), 400],
    ['an archive', ZIP, 400],
    ['an image of a disk', Buffer.from('BM'.padEnd(200, '\0'), 'latin1'), 400],
    ['a GIF in name only', Buffer.concat([Buffer.from('GIF89a'), SVG]), 400],
    ['a small file of 30,000 times 30,000 pixels', bomb(30_000, 30_000), 400],
    ['one line of 60,000 pixels', bomb(60_000, 1), 400],
    ['one that was cut short', bomb(400, 400).subarray(0, 60), 400],
    ['one of more than 10 MB', Buffer.alloc(10 * 1024 * 1024 + 1, 'a'), 413],
    ['one of 50 MB', Buffer.alloc(50 * 1024 * 1024, 'a'), 413],
  ])(
    'is refused beside its field when it is %s, and what was typed is kept',
    async (_, bytes, status) => {
      const { member, answer } = await upload(bytes, { nickname: 'Zou' });
      expect(answer.status).toBe(status);
      expect(faultsOf(answer)).toEqual(['picture']);
      expect(answer.document.getElementById('nickname')?.getAttribute('value')).toBe('Zou');
      const rows = await hub.database.query('SELECT 1 FROM member_pictures WHERE subject = $1', [
        member.subject,
      ]);
      expect(rows).toEqual([]);
    },
  );

  it('is asked for once more when something else was refused', async () => {
    const { answer } = await upload(await plain(64, 64).png().toBuffer(), { display_name: '' });
    expect(faultsOf(answer)).toEqual(['display_name', 'picture']);
    expect(answer.document.getElementById('fault-picture')?.text).toContain('encore une fois');
  });

  it('is given to services by its whole address at their issuer, and gone at once when it is removed', async () => {
    const service = await hub.newService();
    const { member, browser, at, answer } = await upload(await plain(64, 64).png().toBuffer());
    const app = new RelyingParty(hub.url, hub.community, service);
    const tokens = await app.tokens(await app.signIn(browser, member.username));
    const { picture } = await app.idToken(tokens);
    expect(picture).toBe(new URL(addressIn(answer) as string, at('/')).href);
    expect((await fetch(picture as string)).status).toBe(200);
    const gone = await sendProfile(browser, answer, { remove_picture: 'yes' });
    expect(addressIn(gone)).toBeUndefined();
    expect((await fetch(picture as string)).status).toBe(404);
    expect(await (await app.userinfo(tokens.access_token)).json()).not.toHaveProperty('picture');
  });

  it('has a new address when it is replaced, and the old one leads nowhere', async () => {
    const { browser, at, answer } = await upload(await plain(64, 64).png().toBuffer());
    const other = await plain(64, 64, '#00ff00').png().toBuffer();
    const replaced = await sendProfile(browser, answer, {}, other);
    const [before, after] = [answer, replaced].map((page) => addressIn(page) as string);
    expect(after).not.toBe(before);
    const status = async (path = '') => (await browser.send(new URL(path, at('/')).href)).status;
    expect([await status(before), await status(after)]).toEqual([404, 200]);
  });

  it('is not to be had through another community', async () => {
    const elsewhere = await buildCommunity(hub.database);
    const { answer } = await upload(await plain(64, 64).png().toBuffer());
    const path = addressIn(answer)?.replace(hub.community.slug, elsewhere.slug);
    expect((await fetch(hub.url + path)).status).toBe(404);
  });

  it('does not keep a form that was cut off waiting', async () => {
    const { browser, at } = await visit(hub, hub.community);
    const url = at('/account/profile');
    const response = await browser.send(url, {
      method: 'POST',
      headers: { origin: hub.url, 'content-type': 'multipart/form-data; boundary=x' },
      body: '--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\nabc',
    });
    expect(response.status).toBe(400);
  });
});

it('a form whose sender is gone is given up', async () => {
  const outcome = Promise.withResolvers<unknown>();
  const server = createServer((req) => {
    readMultipart(req, { fileField: 'picture', maxFileBytes: 10, check: () => {} }).then(
      outcome.resolve,
      outcome.resolve,
    );
    client.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = request({
    port,
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data; boundary=x', 'content-length': 1000 },
  });
  client.on('error', () => {});
  client.write('--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n');
  expect(await outcome.promise).toBeInstanceOf(ClientGoneError);
  await new Promise((resolve) => server.close(resolve));
});

describe('the maker of pictures', () => {
  it('makes one at a time, and sends away who would wait too long', async () => {
    const maker = createPictureMaker(2);
    const photo = await plain(3000, 3000).png().toBuffer();
    const made = await Promise.allSettled([1, 2, 3].map(() => maker.make(hub.community.id, photo)));
    expect(made.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    await expect(maker.make(hub.community.id, photo)).resolves.toBeInstanceOf(Buffer);
  });

  it('keeps even noise small', async () => {
    const raw = { width: 512, height: 512, channels: 3 as const };
    const noise = await sharp(randomBytes(512 * 512 * 3), { raw })
      .png()
      .toBuffer();
    expect((await createPictureMaker().make(hub.community.id, noise)).length).toBeLessThanOrEqual(
      262_144,
    );
  });
});
