import { expect } from 'vitest';
import { Browser, type Page } from '../support/browser.ts';
import {
  type BuiltCommunity,
  type BuiltMember,
  buildCommunity,
  buildMember,
  buildService,
  PASSWORD,
} from '../support/factories.ts';
import type { TestHub } from '../support/hub.ts';
import { RelyingParty } from '../support/relying-party.ts';
import type { Ready, StepTried } from './step.ts';

/** Signing in, for an app and for oneself. */
export async function signInSteps(hub: TestHub): Promise<StepTried[]> {
  const community = await buildCommunity(hub.database);
  const { issuer, newMember, login, isHome, isSignedIn } = place(hub, community);
  const app = new RelyingParty(hub.url, community, await buildService(hub, community));
  const closed = await buildService(hub, community, { access: 'approval' });
  const closedApp = new RelyingParty(hub.url, community, closed);
  const atApp = async (party = app) => {
    const { username } = await newMember();
    const browser = newBrowser();
    return login(browser, await browser.open(party.authorizationUrl()), username);
  };
  const beyond = async (ready: Ready): Promise<Ready> => ({
    ...ready,
    page: await ready.browser.submit(ready.page, ready.form, ready.fields),
  });
  return [
    {
      name: 'the password, for an app',
      routes: ['POST /login/:uid'],
      prepare: () => atApp(),
      wrong: { password: 'wrong' },
      isThere: ({ document }) => document.querySelector('#consent-form') !== null,
    },
    {
      name: 'the consent',
      routes: ['POST /consent/:uid'],
      prepare: async () => ({
        ...(await beyond(await atApp())),
        form: '#consent-form',
        fields: {},
        button: '#consent-allow',
      }),
      isThere: (page) => app.isBack(page) && app.answer(page).has('code'),
    },
    {
      name: 'the refusal of a consent',
      routes: ['POST /consent/:uid'],
      prepare: async () => ({
        ...(await beyond(await atApp())),
        form: '#consent-form',
        fields: { decision: 'refuse' },
      }),
      isThere: (page) => app.isBack(page) && app.answer(page).get('error') === 'access_denied',
    },
    {
      name: 'asking to be let in',
      routes: ['POST /access/:uid/request'],
      prepare: async () => ({
        ...(await beyond(await atApp(closedApp))),
        form: 'form[action$="/request"]',
        fields: {},
      }),
      isThere: ({ url, status }) => url.includes('/access/') && status === 403,
    },
    {
      name: 'the way back from a service that is closed',
      routes: ['POST /access/:uid/return'],
      prepare: async () => ({
        ...(await beyond(await atApp(closedApp))),
        form: 'form[action$="/return"]',
        fields: {},
      }),
      isThere: (page) =>
        closedApp.isBack(page) && closedApp.answer(page).get('error') === 'access_denied',
    },
    {
      name: 'the way back from an account that is closed',
      routes: ['POST /login/:uid/return'],
      prepare: async () => {
        const { username } = await buildMember(hub.database, community.id, { status: 'suspended' });
        const browser = newBrowser();
        const page = await browser.open(app.authorizationUrl());
        return {
          ...(await beyond(login(browser, page, username))),
          form: 'form[action$="/return"]',
          fields: {},
        };
      },
      isThere: (page) => app.isBack(page) && app.answer(page).get('error') === 'access_denied',
    },
    {
      name: 'the password, for oneself',
      routes: ['POST /login'],
      prepare: async () => {
        const { username } = await newMember();
        const browser = newBrowser();
        return login(browser, await browser.open(`${issuer}/login`), username);
      },
      wrong: { password: 'wrong' },
      provesAnywhere: true,
      isThere: isHome,
      after: isSignedIn,
    },
  ];
}

/** What the steps of one community have in common. */
export function place(hub: TestHub, community: BuiltCommunity) {
  const issuer = `${hub.url}/c/${community.slug}`;
  const isHome = ({ url, status }: Page) => status === 200 && url.replace(/\/$/, '') === issuer;
  return {
    issuer,
    isHome,
    newMember: (): Promise<BuiltMember> => buildMember(hub.database, community.id),
    login: (browser: Browser, page: Page, username: string): Ready => ({
      browser,
      page,
      form: '#login-form',
      fields: { username, password: PASSWORD },
    }),
    isSignedIn: async (browser: Browser) => {
      expect((await browser.open(`${issuer}/account`)).url).toBe(`${issuer}/account`);
    },
  };
}

export const newBrowser = () => new Browser({ stopAt: (url) => url.hostname.endsWith('.example') });
