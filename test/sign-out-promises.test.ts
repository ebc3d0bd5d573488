import { beforeEach, describe, expect, it } from 'vitest';
import { saveServices } from '../src/domain/services/save-services.ts';
import type { ClientChange, ServiceChange } from '../src/domain/services/service-change.ts';
import { newBrowser } from './conformance/answers.ts';
import type { Browser, Page } from './support/browser.ts';
import {
  type BuiltMember,
  buildCommunity,
  buildMember,
  buildService,
} from './support/factories.ts';
import { RelyingParty } from './support/relying-party.ts';
import { useHub } from './support/use-hub.ts';

// The pages of signing out promise what is true: they name what stays open, and for how long.

/** Its own community is the other one. */
const hub = useHub({ community: {} });
let issuer: string;
let communityId: string;
let member: BuiltMember;
let browser: Browser;
let wiki: RelyingParty;
let chat: RelyingParty;

beforeEach(async () => {
  const community = await buildCommunity(hub.database);
  communityId = community.id;
  issuer = `${hub.url}/c/${community.slug}`;
  member = await buildMember(hub.database, communityId);
  const build = async (values: Partial<ServiceChange>, client: ClientChange) =>
    new RelyingParty(hub.url, community, await buildService(hub, community, values, client));
  wiki = await build({ name: 'Le wiki', sessionHours: 12 }, {});
  chat = await build({ name: 'Le salon' }, { backchannelLogoutUri: 'https://chat.example/logout' });
  await build({ name: 'Jamais ouvert' }, {});
  await build({ name: 'Une machine' }, { grants: ['client_credentials'], redirectUris: [] });
  browser = newBrowser();
});

/** Gives a service a reader, as one has that knows its members by LDAP. */
async function addReader(name: string, values: Partial<ServiceChange> = {}): Promise<void> {
  const community = { id: communityId, slug: new URL(issuer).pathname.slice('/c/'.length) };
  const service = await buildService(hub, community, { name, reader: 'a hash', ...values });
  const place = { communityId, sealer: hub.sealer, hubUrl: hub.url };
  const change = { slug: service.slug, client: null, must: 'exist' } as const;
  await hub.database.transaction((tx) => saveServices(tx, place, [change], 'cli'));
  await hub.app.settle();
}

const openOn = (page: Page) =>
  page.document
    .querySelectorAll('#stays-open li')
    .map((item) => item.text.replace(/\s+/g, ' ').trim());

const signOut = (query = '') => browser.open(`${issuer}/oidc/session/end${query}`);
const confirm = (page: Page) => browser.submit(page, '#logout-form', {}, '#logout-confirm');

describe('the page that asks', () => {
  it('names what is not told, with how long it stays open at the most', async () => {
    await wiki.signIn(browser, member.username);
    await chat.signIn(browser, member.username);
    await addReader('Le nuage', { sessionHours: 24 * 15 });
    await addReader('Les courriels');
    const page = await signOut();
    expect(openOn(page)).toEqual([
      'Le wiki · 12 heures au plus',
      'Le nuage · 15 jours au plus',
      'Les courriels · jusqu’à ce que vous vous y déconnectiez',
    ]);
    expect(page.text).not.toContain('tous les services');
  });

  it('promises all where all are told', async () => {
    await chat.signIn(browser, member.username);
    const page = await signOut();
    expect(page.document.querySelector('#stays-open')).toBeNull();
    expect(page.text).toContain('tous les services ouverts avec ce compte');
  });

  it('says nothing of the app that asks: it has ended its own session', async () => {
    const tokens = await wiki.tokens(await wiki.signIn(browser, member.username));
    const page = await signOut(`?id_token_hint=${tokens.id_token}`);
    expect(page.document.querySelector('#stays-open')).toBeNull();
  });

  it('says nothing of services that are closed to the member', async () => {
    await addReader('Fermé', { access: 'approval' });
    await chat.signIn(browser, member.username);
    expect(openOn(await signOut())).toEqual([]);
  });
});

describe('the page after it', () => {
  it('names them again, with the way there', async () => {
    await wiki.signIn(browser, member.username);
    const page = await confirm(await signOut());
    expect(page.document.querySelector('#logged-out')).not.toBeNull();
    expect(openOn(page)).toEqual(['Le wiki · 12 heures au plus']);
    const link = page.document.querySelector('#stays-open a');
    expect(link?.getAttribute('href')).toMatch(/^https:\/\/service-\d+\.example\/$/);
    expect(page.text).not.toContain(member.username);
  });

  it('names nothing to whoever makes up its address', async () => {
    await wiki.signIn(browser, member.username);
    const page = await confirm(await signOut());
    const other = new URL(page.url);
    for (const open of ['', 'x', 'AQ', other.searchParams.get('open')?.slice(0, -2) ?? '']) {
      other.searchParams.set('open', open);
      const forged = await newBrowser().open(other.href);
      expect(forged.status).toBe(200);
      expect(openOn(forged)).toEqual([]);
    }
  });

  it('of another community does not open what was sealed for this one', async () => {
    await wiki.signIn(browser, member.username);
    const { search } = new URL((await confirm(await signOut())).url);
    const page = await newBrowser().open(`${hub.issuer}/oidc/session/end/success${search}`);
    expect(page.status).toBe(200);
    expect(openOn(page)).toEqual([]);
  });
});

it('the home and the list of devices tell it, too, of whatever may be open anywhere', async () => {
  await wiki.signIn(browser, member.username);
  for (const path of ['/', '/account/sessions'])
    expect(openOn(await browser.open(issuer + path))).toEqual([
      'Le wiki · 12 heures au plus',
      'Jamais ouvert · jusqu’à ce que vous vous y déconnectiez',
    ]);
});

it('an error of a sign-out speaks of the sign-out', async () => {
  const page = await newBrowser({ 'accept-language': 'en' }).open(
    `${issuer}/oidc/session/end?id_token_hint=not.a.token`,
  );
  expect(page.status).toBe(400);
  expect(page.document.querySelector('#error-title')?.text).toBe('Sign-out did not succeed');
  const french = await newBrowser().open(
    `${issuer}/oidc/session/end?client_id=${wiki.service.clientId}&post_logout_redirect_uri=https://evil.example/`,
  );
  expect(french.document.querySelector('#error-title')?.text).toBe('La déconnexion n’a pas abouti');
  const confirmation = await newBrowser({ 'accept-language': 'en' }).open(
    `${issuer}/oidc/session/end/confirm`,
    {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'xsrf=guessed',
    },
  );
  expect(confirmation.document.querySelector('#error-title')?.text).toBe(
    'Sign-out did not succeed',
  );
});
