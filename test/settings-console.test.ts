import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { Browser, type Page } from './support/browser.ts';
import { type BuiltMember, PASSWORD } from './support/factories.ts';
import { useHub } from './support/use-hub.ts';

const hub = useHub({ community: { name: 'Le lieu' } });
let admin: BuiltMember;
let browser: Browser;

beforeAll(async () => {
  admin = await hub.newMember({ role: 'owner' });
  await hub.app.settle();
  browser = new Browser();
  await browser.signIn(`${hub.issuer}/login`, { username: admin.username, password: PASSWORD });
});

const at = (path = '') => `${hub.issuer}/admin/settings${path}`;
const faultsOf = ({ document }: Page) =>
  document.querySelectorAll('.field-fault').map(({ id }) => id.replace('fault-', ''));
const row = async () =>
  (
    await hub.database.query(
      `SELECT name, description, town, contact_email AS contact, links, listed, accent, welcome, registration,
         second_factor AS factor, recovery_delay_hours AS delay FROM communities WHERE id = $1`,
      [hub.community.id],
    )
  )[0];

describe('identity', () => {
  it('is changed, and told in the trail with who did it', async () => {
    const page = await browser.open(at());
    const done = await browser.submit(page, '#settings-form', {
      name: 'La Fabrique',
      locale: 'fr',
      description: 'Un atelier.\r\nPour toutes et tous.',
      town: 'Lyon',
      contact: 'aide@fabrique.example',
      link_name: 'Site',
      link_url: 'https://fabrique.example',
      listed: 'yes',
    });
    expect(done.document.querySelector('.notice[role=status]')?.text).toContain('enregistré');
    expect(await row()).toMatchObject({
      name: 'La Fabrique',
      description: 'Un atelier.\nPour toutes et tous.',
      town: 'Lyon',
      contact: 'aide@fabrique.example',
      links: [{ name: 'Site', url: 'https://fabrique.example' }],
      listed: true,
    });
    const [event] = await hub.database.query(
      `SELECT actor, details FROM events WHERE community_id = $1 AND type = 'community.updated' ORDER BY id DESC LIMIT 1`,
      [hub.community.id],
    );
    expect(event?.actor).toBe(`member:${admin.subject}`);
    expect(event?.details.fields).toEqual(
      expect.arrayContaining(['name', 'description', 'town', 'links', 'listed']),
    );
    expect(done.document.querySelector('.brand')?.text).toContain('La Fabrique');
  });

  it('with faults is shown again with each of them and all that was typed, and nothing is stored', async () => {
    const before = await row();
    const page = await browser.open(at());
    const refused = await browser.submit(page, '#settings-form', {
      name: ' ',
      locale: 'fr',
      town: 'Ly\u202eon',
      contact: 'pas une adresse',
      link_name: 'Site',
      link_url: 'javascript:alert(1)',
    });
    expect(refused.status).toBe(400);
    expect(faultsOf(refused).sort()).toEqual(['contact', 'links', 'name', 'town']);
    expect(refused.document.querySelector('#contact')?.getAttribute('value')).toBe(
      'pas une adresse',
    );
    expect(await row()).toEqual(before);
  });
});

describe('appearance', () => {
  const send = async (fields: Record<string, string>, logo?: Buffer) => {
    const page = await browser.open(at('/branding'));
    const csrf = page.document.querySelector('input[name=csrf]')?.getAttribute('value') as string;
    const body = new FormData();
    body.set('csrf', csrf);
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    if (logo !== undefined) body.set('logo', new Blob([new Uint8Array(logo)]), 'logo');
    return browser.open(at('/branding'), {
      method: 'POST',
      body,
      headers: { origin: new URL(hub.issuer).origin },
    });
  };
  const colour = { accent: '#0A7D5A', own_accent: 'yes' };

  it('has a colour, a logo that was made anew, and words above the sign-in form', async () => {
    const photo = await sharp({
      create: { width: 900, height: 600, channels: 3, background: '#0a7d5a' },
    })
      .jpeg()
      .withMetadata({ exif: { IFD0: { Artist: 'Quelqu’un' } } })
      .toBuffer();
    const done = await send({ ...colour, welcome: 'Bonjour !' }, photo);
    expect(done.document.querySelector('.notice[role=status]')?.text).toContain('enregistré');
    expect(await row()).toMatchObject({ accent: '#0a7d5a', welcome: 'Bonjour !' });
    const shown = done.document.querySelector('.logo-shown')?.getAttribute('src') as string;
    const logo = await new Browser().send(new URL(shown, hub.issuer).href);
    const { width, height, format, exif } = await sharp(
      Buffer.from(await logo.arrayBuffer()),
    ).metadata();
    expect({ width, height, format, exif }).toEqual({
      width: 384,
      height: 256,
      format: 'png',
      exif: undefined,
    });
    const login = await new Browser().open(`${hub.issuer}/login`);
    expect(login.document.querySelector('#welcome')?.text).toBe('Bonjour\u202f!');
  });

  it('says when the colour had to be made readable', async () => {
    const dark = await send({ accent: '#0a5d43', own_accent: 'yes' });
    expect(dark.document.querySelector('#corrected')).toBeNull();
    const yellow = await send({ accent: '#ffff00', own_accent: 'yes' });
    expect(yellow.document.querySelector('#corrected')?.text).toMatch(/liens.*#[0-9a-f]{6}/);
  });

  it('refuses a logo that is a script, no picture, too large, a bomb or cut off, and keeps the one there is', async () => {
    const before = await hub.database.query('SELECT sha256 FROM community_logos');
    const png = await sharp({
      create: { width: 300, height: 300, channels: 3, background: '#fff' },
    })
      .png()
      .toBuffer();
    const bomb = Buffer.from(png);
    bomb.writeUInt32BE(60_000, 16);
    bomb.writeUInt32BE(60_000, 20);
    for (const [what, logo] of Object.entries({
      script: Buffer.from(
        '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
      ),
      outside: Buffer.from(
        '<svg xmlns="http://www.w3.org/2000/svg"><image href="https://mal.example/x.png"/></svg>',
      ),
      text: Buffer.from('bonjour'),
      bomb,
      cut: png.subarray(0, 60),
    })) {
      const refused = await send(colour, logo);
      expect([what, refused.status, faultsOf(refused)]).toEqual([what, 400, ['logo']]);
    }
    const large = await send(colour, Buffer.alloc(11 * 1024 * 1024));
    expect([large.status, faultsOf(large)]).toEqual([413, ['logo']]);
    expect(await hub.database.query('SELECT sha256 FROM community_logos')).toEqual(before);
  });

  it('takes a plain drawing as it is, and gives the logo up', async () => {
    const drawing = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><circle r="4"/></svg>');
    await send(colour, drawing);
    const [kept] = await hub.database.query('SELECT media_type, bytes FROM community_logos');
    expect(kept).toEqual({ media_type: 'image/svg+xml', bytes: drawing });
    await send({ ...colour, remove_logo: 'yes' });
    expect(await hub.database.query('SELECT 1 FROM community_logos')).toEqual([]);
  });
});

describe('entry and security', () => {
  it('says who may join, what they are asked, and who needs a second factor', async () => {
    const page = await browser.open(at('/entry'));
    const done = await browser.submit(page, '#entry-form', {
      registration: 'approval',
      question: 'Qui vous a parlé de nous ?',
      second_factor: 'optional',
      recovery_delay: '24',
    });
    expect(done.document.querySelector('.notice[role=status]')?.text).toContain('enregistré');
    expect(await row()).toMatchObject({ registration: 'approval', factor: 'optional', delay: 24 });
    expect(done.document.querySelector('#question-0')?.getAttribute('value')).toBe(
      'Qui vous a parlé de nous ?',
    );
  });

  it('leaves what guards owners to owners, whatever an admin sends', async () => {
    const other = await hub.newMember({ role: 'admin' });
    await hub.app.settle();
    const asAdmin = new Browser();
    await asAdmin.signIn(`${hub.issuer}/login`, { username: other.username, password: PASSWORD });
    const page = await asAdmin.open(at('/entry'));
    expect(page.document.querySelector('#recovery_delay')).toBeNull();
    const done = await asAdmin.submit(page, '#entry-form', {
      registration: 'open',
      second_factor: 'all',
      recovery_delay: '1',
    });
    expect(done.status).toBe(200);
    expect(await row()).toMatchObject({ registration: 'open', factor: 'optional', delay: 24 });
    await browser.submit(await browser.open(at('/entry')), '#entry-form', {
      registration: 'approval',
      question: 'Qui vous a parlé de nous ?',
      second_factor: 'optional',
      recovery_delay: '24',
    });
  });

  it('refuses a delay that is no number of hours, and keeps what was typed', async () => {
    const page = await browser.open(at('/entry'));
    for (const delay of ['', 'demain', '0', '721', '-1', '1e2']) {
      const refused = await browser.submit(page, '#entry-form', {
        registration: 'open',
        second_factor: 'optional',
        recovery_delay: delay,
      });
      expect([delay, refused.status, faultsOf(refused)]).toEqual([delay, 400, ['recovery_delay']]);
      expect(refused.document.querySelector('#recovery_delay')?.getAttribute('value')).toBe(delay);
    }
    expect(await row()).toMatchObject({ registration: 'approval', delay: 24 });
  });
});
