import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser } from '../support/browser.ts';
import {
  type BuiltCommunity,
  type BuiltMember,
  buildCommunity,
  buildMember,
  PASSWORD,
} from '../support/factories.ts';
import { startHub, type TestHub } from '../support/hub.ts';
import { allThatIsStored } from './all-that-is-stored.ts';
import { FORMS, isPrivate, PAGES, type PageOf } from './every-page-paths.ts';
import { asForm, sendRaw } from './raw-request.ts';

// What must hold for each page that a community has, and for each that will be added; whom it keeps out is
// in routes.test.ts.

let hub: TestHub;
let ours: BuiltCommunity;
let theirs: BuiltCommunity;
let owner: BuiltMember;
let ownersBrowser: Browser;
/** Of a community that insists on a second factor, and a browser that is asked to set one up. */
let strict: BuiltCommunity;
let newcomersBrowser: Browser;

beforeAll(async () => {
  // Without the worker: nothing happens but what requests do.
  hub = await startHub({ TROUSSEAU_ROLES: 'web' });
  ours = await buildCommunity(hub.database, { slug: 'lieu', registration: 'open' });
  theirs = await buildCommunity(hub.database, { slug: 'lieu-b', registration: 'open' });
  strict = await buildCommunity(hub.database, { slug: 'lieu-c', secondFactor: 'all' });
  owner = await buildMember(hub.database, ours.id, { role: 'owner' });
  await hub.app.settle();
  ownersBrowser = await signIn(owner);
  newcomersBrowser = await signIn(await buildMember(hub.database, strict.id), strict);
});
afterAll(() => hub.stop());

async function signIn({ username }: BuiltMember, community = ours): Promise<Browser> {
  const browser = new Browser();
  const fields = { username, password: PASSWORD };
  const led = await browser.signIn(`${hub.url}${inside('/login', community)}`, fields);
  // Where a second factor is asked for, to setting it up; else home.
  expect(led.includes('/login')).toBe(community === strict);
  return browser;
}

const inside = (path: string, community = ours) => `/c/${community.slug}${path}`;

async function headersOf(browser: Browser, community = ours): Promise<Record<string, string>> {
  const cookie = await browser.jar.getCookieString(`${hub.url}${inside('/login', community)}`);
  return cookie === '' ? {} : { cookie };
}

/** A token for forms that this browser may send here. */
async function tokenOf(browser: Browser, community = ours): Promise<string> {
  const page = await browser.open(`${hub.url}${inside('/login?again=1&return_to=/', community)}`);
  return page.document.querySelector('input[name=csrf]')?.getAttribute('value') as string;
}

const state = () => allThatIsStored(hub.database);

/** What a form would need, so that nothing is refused for being empty. */
const FIELDS = {
  code: '123456',
  username: 'somebody',
  password: 'a password that nobody has',
  name: 'Somebody',
  displayName: 'Somebody',
  email: 'somebody@lieu.example',
  confirm: 'yes',
  id: '00000000-0000-4000-8000-000000000000',
};

function send(
  page: PageOf,
  headers: Record<string, string>,
  fields?: Record<string, string> | string,
  community = ours,
) {
  const form = fields === undefined ? { headers: {} } : asForm(fields);
  return sendRaw(hub, inside(page.path, community), {
    ...form,
    method: page.method,
    headers: { ...form.headers, ...headers },
  });
}

/** Whoever has got as far as this form. */
const whereItStands = ({ path }: PageOf): [Browser, BuiltCommunity] =>
  path.startsWith('/login/set-up') ? [newcomersBrowser, strict] : [ownersBrowser, ours];

const named = (pages: PageOf[]) =>
  pages.map((page) => [`${page.method} ${page.path}`, page] as const);
/** Forms that answer an app’s request, of which there is none. */
const isOfRequest = ({ path }: PageOf) => /^\/(login|consent|access)\/A{43}/.test(path);

describe('a form without our own page behind it', () => {
  it.each(named(FORMS.filter((form) => !isOfRequest(form))))(
    '%s is refused, and changes nothing',
    async (_, form) => {
      const [browser, community] = whereItStands(form);
      const headers = await headersOf(browser, community);
      const csrf = await tokenOf(browser, community);
      const foreign = await tokenOf(new Browser(), community);
      const before = await state();
      const isMultipart = form.path === '/account/profile';
      const attempts: [Record<string, string>, Record<string, string>][] = [
        [{}, {}],
        [{ csrf: '' }, {}],
        [{ csrf: foreign }, {}],
        [{ csrf: `${csrf}x` }, {}],
        [{ csrf }, { origin: 'https://evil.example' }],
        [{ csrf }, { 'sec-fetch-site': 'cross-site' }],
        [{ csrf }, { 'sec-fetch-site': 'same-site' }],
      ];
      for (const [token, more] of attempts) {
        const fields = { ...FIELDS, ...token };
        const { status } = isMultipart
          ? await sendMultipart(form, { ...headers, ...more }, fields)
          : await send(form, { ...headers, ...more }, fields, community);
        expect([token.csrf, more, status]).toEqual([token.csrf, more, 403]);
      }
      expect(await state()).toEqual(before);
    },
  );

  it.each(named(FORMS.filter((form) => !isOfRequest(form))))(
    '%s takes nothing but a form',
    async (_, form) => {
      const [browser, community] = whereItStands(form);
      const headers = await headersOf(browser, community);
      const csrf = await tokenOf(browser, community);
      for (const type of ['application/json', 'text/plain', 'text/xml', '']) {
        const answer = await send(
          form,
          { ...headers, 'content-type': type },
          { ...FIELDS, csrf },
          community,
        );
        expect([type, answer.status]).toEqual([type, 415]);
      }
    },
  );
});

describe('ten megabytes', () => {
  const flood = 'x'.repeat(10_000_000);

  it.each(named(FORMS.filter((form) => !isOfRequest(form))))(
    'to %s are refused before they are read',
    async (_, form) => {
      const [browser, community] = whereItStands(form);
      const headers = await headersOf(browser, community);
      const csrf = await tokenOf(browser, community);
      const before = await state();
      const isMultipart = form.path === '/account/profile';
      const sending = isMultipart
        ? sendMultipart(form, headers, { ...FIELDS, csrf, displayName: flood })
        : send(
            form,
            headers,
            `${new URLSearchParams({ ...FIELDS, csrf })}&name=${flood}`,
            community,
          );
      // A hub that hangs up on the rest refuses as well.
      const status = await sending.then(
        (answer) => answer.status,
        () => 'hung up',
      );
      expect([400, 413, 'hung up']).toContain(status);
      expect(await state()).toEqual(before);
    },
  );
});

describe('a host that is not ours', () => {
  it.each(named(PAGES))('%s is misdirected there', async (_, page) => {
    const headers = { ...(await headersOf(ownersBrowser)), host: 'evil.example' };
    const answer = await send(page, headers, page.method === 'POST' ? FIELDS : undefined);
    expect(answer.status).toBe(421);
    expect(answer.text).not.toContain('evil.example');
  });
});

describe('what does not exist', () => {
  const vague = PAGES.filter(({ path }) => /A{43}|0000-0000|nothing/.test(path));

  it.each(named(vague))('%s is refused without a fault of ours', async (_, page) => {
    const csrf = await tokenOf(ownersBrowser);
    const before = await state();
    const headers = await headersOf(ownersBrowser);
    const fields = page.method === 'POST' ? { ...FIELDS, csrf } : undefined;
    const { status } = await send(page, headers, fields);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(await state()).toEqual(before);
  });

  const UGLY = ['%00', '..%2f..%2fadmin', '%ff%fe', "'--", 'a'.repeat(5_000), '%F0%9F%94%91', '{}'];
  it.each(named(vague))('%s takes no ugly spelling', async (_, page) => {
    const headers = await headersOf(ownersBrowser);
    for (const ugly of UGLY) {
      const path = page.path.replace(/A{43}|0{8}-[\w-]+|nothing/, ugly);
      const fields = page.method === 'POST' ? FIELDS : undefined;
      const { status } = await send({ ...page, path }, headers, fields);
      expect([ugly, status >= 400 && status < 500]).toEqual([ugly, true]);
    }
  });
});

describe('a session of one community', () => {
  it.each(named(PAGES.filter(isPrivate)))('opens no %s of another', async (_, page) => {
    const mine = await headersOf(ownersBrowser);
    const cookie = (mine.cookie ?? '').replaceAll(`_${ours.slug}_`, `_${theirs.slug}_`);
    const stranger = new Browser();
    const csrf = await tokenOf(stranger, theirs);
    const own = await headersOf(stranger, theirs);
    const form = page.method === 'POST' ? asForm({ ...FIELDS, csrf }) : { headers: {} };
    const before = await state();
    const answer = await sendRaw(hub, inside(page.path, theirs), {
      ...form,
      method: page.method,
      headers: { ...form.headers, cookie: `${own.cookie}; ${cookie}` },
    });
    expect(answer.status).not.toBe(200);
    expect(answer.status).toBeLessThan(500);
    expect(answer.text).not.toContain(owner.username);
    expect(await state()).toEqual(before);
  });
});

function sendMultipart(
  page: PageOf,
  headers: Record<string, string>,
  fields: Record<string, string>,
) {
  const boundary = 'x'.repeat(20);
  const parts = Object.entries(fields).map(
    ([name, value]) =>
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return sendRaw(hub, inside(page.path), {
    method: 'POST',
    headers: { ...headers, 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: `${parts.join('')}--${boundary}--\r\n`,
  });
}
