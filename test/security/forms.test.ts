import { beforeAll, describe, expect, it } from 'vitest';
import {
  createFirstOperator,
  ensureSetupToken,
} from '../../src/domain/operators/create-operator.ts';
import { Browser, type Page } from '../support/browser.ts';
import { buildCommunity, buildService, giveHosts, PASSWORD } from '../support/factories.ts';
import { RelyingParty } from '../support/relying-party.ts';
import { useHub } from '../support/use-hub.ts';
import { ProxiedBrowser } from './proxied-browser.ts';

const hub = useHub({ neighbour: {}, member: {}, service: {} });
let onApproval: RelyingParty;

beforeAll(async () => {
  onApproval = await hub.newClient({}, { access: 'approval' });
  const token = (await hub.database.transaction(ensureSetupToken)) as string;
  await createFirstOperator(hub.database, { token, email: 'ops@hub.example', password: PASSWORD });
});

const newBrowser = () => new Browser({ stopAt: (url) => url.hostname.endsWith('.example') });

type Form = { action: string; fields: Record<string, string> };

/** A page's form as it stands, for sending it in ways that no browser would. */
function formOf(page: Page, selector: string, fields: Record<string, string> = {}): Form {
  const form = page.document.querySelector(selector);
  if (form === null) throw new Error(`no ${selector} on ${page.url} (${page.status})`);
  const hidden = form
    .querySelectorAll('input')
    .map((input) => [input.getAttribute('name') ?? '', input.getAttribute('value') ?? '']);
  return {
    action: new URL(form.getAttribute('action') ?? '', page.url).href,
    fields: { ...Object.fromEntries(hidden), ...fields },
  };
}

function send(browser: Browser, form: Form, headers: Record<string, string> = {}) {
  return browser.send(form.action, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(form.fields).toString(),
  });
}

/** Every form of ours that changes something, each on a fresh page in a fresh browser. */
const FORMS: Record<string, (browser: Browser) => Promise<Form>> = {
  'sign-in': async (browser) =>
    formOf(await browser.open(`${hub.issuer}/login`), '#login-form', {
      username: hub.member.username,
      password: PASSWORD,
    }),
  'sign-in on an app’s request': async (browser) =>
    formOf(await browser.open(hub.client.authorizationUrl()), '#login-form', {
      username: hub.member.username,
      password: PASSWORD,
    }),
  consent: async (browser) => {
    await hub.client.signIn(browser, hub.member.username);
    const page = await browser.open(hub.client.authorizationUrl({ prompt: 'consent' }));
    return formOf(page, '#consent-form', { decision: 'allow' });
  },
  'a request for access': async (browser) =>
    formOf(await closedPage(browser), 'form[action$="/request"]'),
  'the way back to the app': async (browser) =>
    formOf(await closedPage(browser), 'form[action$="/return"]'),
  'a request from home': async (browser) => {
    const newcomer = await hub.newMember();
    await hub.client.signIn(browser, newcomer.username);
    return formOf(await browser.open(hub.issuer), 'form[action$="/request"]');
  },
  'sign-out everywhere': async (browser) => {
    await hub.client.signIn(browser, hub.member.username);
    return formOf(await browser.open(hub.issuer), 'form[action$="/sign-out-everywhere"]');
  },
  'the language': async (browser) =>
    formOf(await browser.open(`${hub.issuer}/login`), 'form.language', { locale: 'en' }),
  'the hub’s language': async (browser) =>
    formOf(await browser.open(`${hub.url}/`), 'form.language', { locale: 'en' }),
  'set-up': async (browser) =>
    formOf(await browser.open(`${hub.url}/setup?token=x`), 'form.language', {
      token: 'x',
      email: 'second@hub.example',
      password: PASSWORD,
    }),
  'the operator’s sign-in': async (browser) =>
    formOf(await browser.open(`${hub.url}/operator/login`), '#login-form', {
      email: 'ops@hub.example',
      password: PASSWORD,
    }),
  'the operator’s sign-out': async (browser) => {
    const page = await browser.open(`${hub.url}/operator/login`);
    const home = await browser.submit(page, '#login-form', {
      email: 'ops@hub.example',
      password: PASSWORD,
    });
    return formOf(home, 'form[action="/operator/logout"]');
  },
};

async function closedPage(browser: Browser): Promise<Page> {
  await hub.client.signIn(browser, hub.member.username);
  const page = await browser.open(onApproval.authorizationUrl());
  expect(page.status).toBe(403);
  return page;
}

/** All that the forms could change. */
async function state() {
  const [row] = await hub.database.query<{ all: string }>(
    `SELECT jsonb_build_object(
       'sessions', (SELECT jsonb_agg(uid ORDER BY uid) FROM sessions WHERE subject IS NOT NULL),
       'operatorSessions', (SELECT count(*) FROM operator_sessions),
       'operators', (SELECT count(*) FROM operators),
       'accounts', (SELECT count(*) FROM accounts),
       'consents', (SELECT jsonb_agg(given_at) FROM consents),
       'events', (SELECT count(*) FROM events),
       'answers', (SELECT count(*) FROM oidc_artifacts WHERE payload ? 'result')) AS all`,
  );
  return row;
}

describe('a form', () => {
  it.each(Object.keys(FORMS))(
    'of ours (%s) is taken from our own page in the same browser only',
    async (name) => {
      const browser = newBrowser();
      const form = await (FORMS[name] as (browser: Browser) => Promise<Form>)(browser);
      if (name === 'set-up') form.action = `${hub.url}/setup`;
      const other = await newBrowser().open(`${hub.issuer}/login`);
      const foreign = formOf(other, '#login-form').fields.csrf as string;
      expect(foreign).not.toBe(form.fields.csrf);
      const { csrf = '', ...rest } = form.fields;
      const before = await state();
      const attempts: [Record<string, string>, Record<string, string>][] = [
        [rest, {}],
        [{ ...rest, csrf: '' }, {}],
        [{ ...rest, csrf: foreign }, {}],
        [{ ...rest, csrf: csrf.slice(0, -1) }, {}],
        [{ ...rest, csrf: `${csrf}x` }, {}],
        [form.fields, { origin: 'https://evil.example' }],
        [form.fields, { origin: 'null' }],
        [form.fields, { origin: `${hub.url}.evil.example` }],
        [form.fields, { 'sec-fetch-site': 'cross-site' }],
        [form.fields, { 'sec-fetch-site': 'same-site' }],
      ];
      for (const [fields, headers] of attempts) {
        const answer = await send(browser, { ...form, fields }, headers);
        expect([fields.csrf, headers, answer.status]).toEqual([fields.csrf, headers, 403]);
        expect(await answer.text()).toContain('<html');
        expect(answer.headers.getSetCookie().join()).not.toMatch(/session|locale|operator/);
      }
      for (const type of [
        'application/json',
        'text/plain',
        'multipart/form-data; boundary=x',
        '',
      ]) {
        const answer = await send(browser, form, { 'content-type': type });
        expect([type, answer.status]).toEqual([type, 415]);
      }
      expect(await state()).toEqual(before);
      // And the same form, sent as a browser sends it, does what it is for.
      const taken = await send(browser, form, { origin: hub.url, 'sec-fetch-site': 'same-origin' });
      expect([200, 303, name === 'set-up' ? 400 : 0]).toContain(taken.status);
    },
  );

  it('with another site’s cookie planted under our token’s name is still known by where it came from', async () => {
    // A neighbour on the same domain can plant a cookie whose digest it learnt by visiting us.
    const attacker = newBrowser();
    const page = await attacker.open(`${hub.issuer}/login`);
    const victim = newBrowser();
    for (const cookie of await attacker.jar.getCookies(`${hub.issuer}/`))
      await victim.jar.setCookie(cookie, hub.issuer);
    const form = formOf(page, '#login-form', { username: hub.member.username, password: PASSWORD });
    const answer = await send(victim, form, {
      origin: 'https://apps.evil.example',
      'sec-fetch-site': 'same-site',
    });
    expect(answer.status).toBe(403);
  });

  it('of one community is not taken by another, nor by the console', async () => {
    const browser = newBrowser();
    const page = await browser.open(`${hub.issuer}/login`);
    const { fields } = formOf(page, '#login-form', {
      username: hub.member.username,
      password: PASSWORD,
    });
    for (const path of [
      `/c/${hub.neighbour.slug}/login`,
      `/c/${hub.neighbour.slug}/language`,
      '/operator/login',
      '/language',
    ]) {
      expect((await send(browser, { action: hub.url + path, fields })).status).toBe(403);
    }
  });

  it('is not answered to GET, nor under other methods', async () => {
    for (const path of [
      '/services/x/request',
      '/sign-out-everywhere',
      '/language',
      '/consent/x',
      '/access/x/return',
    ]) {
      const method = path.startsWith('/consent') ? 'PUT' : 'GET';
      const answer = await newBrowser().send(hub.issuer + path, { method });
      expect([path, answer.status]).toEqual([path, 405]);
      expect(answer.headers.get('allow')).toContain('POST');
    }
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      expect([method, (await newBrowser().send(`${hub.issuer}/login`, { method })).status]).toEqual(
        [method, 405],
      );
    }
  });
});

describe('a redirect', () => {
  const EVIL = [
    'https://evil.example/',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    'https:evil.example',
    'javascript:alert(1)',
    '/\t/evil.example',
    '/%09/evil.example',
    '/../../evil',
    '@evil.example',
    '.evil.example',
    '',
  ];

  it('after the choice of a language stays with us', async () => {
    for (const base of [hub.issuer, hub.url]) {
      const browser = newBrowser();
      const page = await browser.open(base === hub.url ? `${hub.url}/` : `${base}/login`);
      const prefixes = ['', base.slice(hub.url.length)];
      for (const target of EVIL.flatMap((evil) => prefixes.map((prefix) => prefix + evil))) {
        const form = formOf(page, 'form.language', { locale: 'en', return_to: target });
        const answer = await send(browser, form);
        const location = answer.headers.get('location') as string;
        expect(answer.status).toBe(303);
        expect(location).toMatch(/^\/(?![/\\])/);
        expect([target, new URL(location, hub.url).origin]).toEqual([target, hub.url]);
      }
    }
  });

  it('on a host of the community’s own stays on it, where every path is the community’s', async () => {
    const own = 'https://login.lieu.example';
    await giveHosts(hub, hub.community, [new URL(own).host]);
    const browser = new ProxiedBrowser(hub);
    const page = await browser.open(`${own}/login`);
    for (const target of EVIL) {
      const answer = await send(
        browser,
        formOf(page, 'form.language', { locale: 'en', return_to: target }),
      );
      expect([target, answer.status]).toEqual([target, 303]);
      expect(answer.headers.get('location')).toMatch(/^\/(?![/\\])/);
    }
  });

  it('never follows what a page of ours was asked with', async () => {
    const browser = newBrowser();
    for (const name of [
      'return_to',
      'next',
      'redirect',
      'redirect_uri',
      'post_logout_redirect_uri',
      'RelayState',
    ]) {
      const page = await browser.open(`${hub.issuer}/login?${name}=https://evil.example/`);
      const home = await browser.submit(page, '#login-form', {
        username: hub.member.username,
        password: PASSWORD,
      });
      expect(new URL(home.url).origin).toBe(hub.url);
      await browser.submit(home, 'form[action$="/sign-out-everywhere"]');
    }
  });

  it('after a sign-out goes to a registered address only, and only for its own client', async () => {
    const registered = 'https://after.example/';
    const place = await buildCommunity(hub.database);
    const [app, party] = [
      new RelyingParty(hub.url, place, await buildService(hub, place)),
      new RelyingParty(
        hub.url,
        place,
        await buildService(hub, place, {}, { postLogoutRedirectUris: [registered] }),
      ),
    ] as const;
    const browser = newBrowser();
    const ask = (client: string, address: string) => {
      const url = new URL(`${app.issuer}/oidc/session/end`);
      url.searchParams.set('client_id', client);
      url.searchParams.set('post_logout_redirect_uri', address);
      return browser.open(url.href);
    };
    const own = party.service.clientId;
    for (const address of [
      'https://evil.example/',
      `${registered}?x`,
      `${registered}..;/`,
      'https://after.example',
      'https://after.example:8443/',
      'https://after.example@evil.example/',
      'https://after.example.evil.example/',
      'javascript:alert(1)',
      `${registered}#x`,
    ]) {
      expect([address, (await ask(own, address)).status]).toEqual([address, 400]);
    }
    expect((await ask(app.service.clientId, registered)).status).toBe(400);
    expect((await ask(own, registered)).status).toBe(200);
  });
});
