import { beforeEach, describe, expect, it } from 'vitest';
import type { CommunityChange } from '../src/domain/communities/save-communities.ts';
import { Authenticator } from './support/authenticator.ts';
import { Browser, type Page } from './support/browser.ts';
import {
  type BuiltCommunity,
  type BuiltMember,
  buildCommunity,
  buildMember,
  buildService,
  PASSWORD,
} from './support/factories.ts';
import { csrfOf, enrol, post, question } from './support/passkey-visits.ts';
import { RelyingParty } from './support/relying-party.ts';
import { useHub } from './support/use-hub.ts';

const MFA = 'https://refeds.org/profile/mfa';
const SFA = 'https://refeds.org/profile/sfa';

const hub = useHub({ env: { TROUSSEAU_ROLES: 'web' } });
let community: BuiltCommunity;
let member: BuiltMember;
let app: RelyingParty;
let browser: Browser;

beforeEach(() => {
  browser = new Browser({ stopAt: (url) => url.hostname.endsWith('.example') });
});

async function arrive(policy: Partial<CommunityChange>): Promise<void> {
  community = await buildCommunity(hub.database, policy);
  app = new RelyingParty(hub.url, community, await buildService(hub, community));
  member = await buildMember(hub.database, community.id);
}

const issuer = () => `${hub.url}/c/${community.slug}`;

async function typePassword(url: string): Promise<Page> {
  const page = await browser.open(url);
  return browser.submit(page, '#login-form', {
    username: member.username,
    password: PASSWORD,
  });
}

const essential = (acr: object) =>
  JSON.stringify({ id_token: { acr: { essential: true, ...acr } } });

/** As the page's script does it, to the page with the recovery codes. */
async function makePasskey(page: Page, authenticator: Authenticator): Promise<Response> {
  const { options } = await question(browser, page);
  const form = page.document.querySelector('form[data-passkey-options]');
  const action = new URL(form?.getAttribute('action') as string, page.url).href;
  const response = authenticator.register(options);
  return post(browser, action, { csrf: csrfOf(page), response });
}

describe('whoever has to set a second factor up', () => {
  it.each([
    ['to the home', false],
    ['to an app', true],
  ])('makes a passkey on the way %s', async (_way, toApp) => {
    await arrive({ secondFactor: 'all' });
    const page = await typePassword(toApp ? app.authorizationUrl() : `${issuer()}/login`);
    expect(page.url).toMatch(/\/set-up$/);
    const shown = await makePasskey(page, new Authenticator(hub.url));
    expect(shown.status).toBe(200);
    expect(await shown.text()).toMatch(/(<code[^>]*>[\s\S]*){10}/);
  });

  it('is anybody whose app insists on two factors, whatever else it would take that nobody here has', async () => {
    await arrive({});
    const claims = essential({ values: ['https://refeds.org/profile/other', MFA] });
    const page = await typePassword(app.authorizationUrl({ claims }));
    expect(page.url).toMatch(/\/set-up$/);
  });
});

it('an app that insists on one factor takes two', async () => {
  await arrive({});
  const { browser: known } = await enrol(issuer(), member.username);
  const visitor = new Browser({ stopAt: (url) => url.hostname.endsWith('.example') });
  visitor.jar.setCookie = known.jar.setCookie.bind(known.jar);
  visitor.jar.getCookieString = known.jar.getCookieString.bind(known.jar);
  let page = await visitor.open(app.authorizationUrl({ claims: essential({ value: SFA }) }));
  if (page.document.querySelector('#consent-form') !== null)
    page = await visitor.submit(page, '#consent-form', {}, '#consent-allow');
  expect(app.answer(page).get('code')).not.toBeNull();
});
