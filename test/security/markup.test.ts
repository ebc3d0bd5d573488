import { beforeAll, describe, expect, it } from 'vitest';
import { Browser, type Page } from '../support/browser.ts';
import { buildGroup, PASSWORD } from '../support/factories.ts';
import type { RelyingParty } from '../support/relying-party.ts';
import { useHub } from '../support/use-hub.ts';
import { sendRaw } from './raw-request.ts';

const EVIL = `</title></textarea><img src=x onerror=alert(1)><script>alert(2)</script>"'><a href="javascript:alert(3)">{{{chrome}}}`;
const SVG = `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(2)</script></svg>`;

const hub = useHub({ member: { role: 'owner' } });
let app: RelyingParty;
let closed: RelyingParty;

beforeAll(async () => {
  const group = await buildGroup(hub.database, hub.community.id);
  app = await hub.newClient(
    { scopes: ['openid', 'profile', 'email', 'groups'] },
    { trust: 'third-party' },
  );
  closed = await hub.newClient({}, { access: { groups: [group.id] } });
  const onApproval = await hub.newService({ access: 'approval' });
  const scripted = await hub.newService();
  await poison({
    [onApproval.id]: { icon: 'https://evil.example/"onerror=alert(1) x="' },
    [scripted.id]: {
      icon: 'javascript:alert(1)',
      url: 'data:text/html,<script>alert(1)</script>',
    },
  });
});

/** Writes past every rule, as a bad import or a mistake of ours would. */
async function poison(services: Record<string, { icon: string; url?: string }>): Promise<void> {
  const write = (sql: string, ...params: unknown[]) =>
    hub.database.query(sql, [hub.community.id, ...params]);
  await write('UPDATE communities SET name = $2, contact_email = $2 WHERE id = $1', EVIL);
  await write(
    `INSERT INTO community_logos (community_id, media_type, sha256, bytes) VALUES ($1, 'image/svg+xml', sha256($2), $2)`,
    Buffer.from(SVG),
  );
  await write(
    `UPDATE memberships SET display_name = $2, given_name = $2, nickname = $2 WHERE community_id = $1`,
    EVIL,
  );
  await write('UPDATE groups SET name = $2 WHERE community_id = $1', EVIL.slice(0, 120));
  await write(
    `UPDATE services SET name = $2, description = $2, icon = coalesce($3::jsonb -> id::text ->> 'icon', $2),
       url = coalesce($3::jsonb -> id::text ->> 'url', 'javascript:alert(1)') WHERE community_id = $1`,
    EVIL,
    JSON.stringify(services),
  );
  await hub.app.settle();
}

/** No page holds anything that a browser would run, or a link that is none. */
function expectHarmless(where: string, page: Page) {
  const { document } = page;
  expect([where, document.querySelectorAll('script:not([src])').length]).toEqual([where, 0]);
  for (const element of document.querySelectorAll('*')) {
    const names = Object.keys(element.attributes);
    expect([where, names.filter((name) => /^on|^style$|^srcdoc$/i.test(name))]).toEqual([
      where,
      [],
    ]);
    for (const name of ['href', 'src', 'action', 'formaction']) {
      const value = element.getAttribute(name);
      if (value !== undefined)
        expect([where, value]).toEqual([
          where,
          expect.not.stringMatching(/^\s*(javascript|data|vbscript):/i),
        ]);
    }
  }
  for (const script of document.querySelectorAll('script'))
    expect(script.getAttribute('src')).toMatch(/^\/assets\//);
  expect([where, document.querySelectorAll('title').length]).toEqual([where, 1]);
  expect(page.text).not.toContain('[object Object]');
}

it('what people called themselves, their groups and their apps is text on every page', async () => {
  const browser = new Browser({ stopAt: (url) => url.hostname.endsWith('.example') });
  const start = await browser.open(
    app.authorizationUrl({ scope: 'openid profile email groups', login_hint: EVIL }),
  );
  expectHarmless('login', start);
  expect(start.document.querySelector('#username')?.getAttribute('value')).toBe(EVIL);
  const wrong = await browser.submit(start, '#login-form', { username: EVIL, password: EVIL });
  expectHarmless('wrong login', wrong);
  const consent = await browser.submit(start, '#login-form', {
    username: hub.member.username,
    password: PASSWORD,
  });
  expect(consent.document.querySelector('#consent-form')).not.toBeNull();
  expectHarmless('consent', consent);
  expectHarmless('access denied', await browser.open(closed.authorizationUrl()));
  const home = await browser.open(app.issuer);
  expect(home.document.querySelectorAll('.service-tile').length).toBeGreaterThan(1);
  expectHarmless('home', home);
  expectHarmless('asked again', await browser.open(app.authorizationUrl({ prompt: 'login' })));
  expectHarmless(
    'sign-out',
    await browser.open(`${app.issuer}/oidc/session/end?client_id=${app.service.clientId}`),
  );
  expectHarmless(
    'device',
    await browser.open(`${app.issuer}/oidc/device?user_code=${encodeURIComponent(EVIL)}`),
  );
  expectHarmless('hub', await browser.open(`${hub.url}/`));
});

it('what an app sends comes back as text, in errors and in the form that goes on to it', async () => {
  const browser = new Browser({ stopAt: (url) => url.hostname.endsWith('.example') });
  for (const name of [
    'client_id',
    'redirect_uri',
    'response_type',
    'scope',
    'state',
    'prompt',
    'claims',
    'response_mode',
    'request',
    'ui_locales',
  ]) {
    const page = await browser.open(app.authorizationUrl({ [name]: EVIL }));
    if (!app.isBack(page)) expectHarmless(name, page);
  }
  const answer = await browser.open(
    app.authorizationUrl({ response_mode: 'form_post', state: EVIL, prompt: 'none' }),
  );
  expectHarmless('form_post', answer);
  expect(answer.document.querySelector('input[name=state]')?.getAttribute('value')).toBe(EVIL);
  expect(answer.document.querySelector('#submit-form')?.getAttribute('action')).toBe(
    app.service.redirectUri,
  );
});

it('an address that nobody has is named nowhere in the page that says so', async () => {
  const { text, status } = await sendRaw(
    hub,
    `/c/${hub.community.slug}/<script>alert(1)</script>?x=<script>`,
  );
  expect(status).toBe(404);
  expect(text).not.toContain('<script>alert');
});

describe('a logo', () => {
  it('opened by itself runs nothing and reaches nothing', async () => {
    const answer = await sendRaw(hub, `/c/${hub.community.slug}/logo`);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toMatch(/^image\/svg\+xml/);
    expect(answer.headers['content-security-policy']).toBe(
      "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    );
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
  });
});

describe('a colour', () => {
  it('that is none gives an empty stylesheet, not one of the writer’s', async () => {
    await hub.database.query('ALTER TABLE communities DROP CONSTRAINT ck_communities_accent');
    await hub.database.query('UPDATE communities SET accent = $2 WHERE id = $1', [
      hub.community.id,
      'red}body{background:url(//evil.example)}',
    ]);
    await hub.app.settle();
    const answer = await sendRaw(hub, `/c/${hub.community.slug}/theme.css`);
    expect([answer.status, answer.text]).toEqual([200, '']);
    expectHarmless('page', await new Browser().open(`${app.issuer}/login`));
  });
});
