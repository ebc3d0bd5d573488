import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { newTotpSecret, storeTotp } from '../src/domain/second-factors/totp.ts';
import { Browser, type Page } from './support/browser.ts';
import { PASSWORD } from './support/factories.ts';
import { useHub } from './support/use-hub.ts';

// Each limit is used up as a visitor uses it up.

const NAME = 'La Fabrique';
const LOGO = Buffer.from('89504e470d0a1a0a', 'hex');
const HELP = 'aide@fabrique.example';

const hub = useHub({
  env: { TROUSSEAU_ROLES: 'web', TROUSSEAU_TRUSTED_PROXIES: '127.0.0.0/8' },
  community: {
    slug: 'fabrique',
    name: NAME,
    accent: '#0a7d5a',
    contact: HELP,
    locale: 'en',
    registration: 'open',
    logo: { mediaType: 'image/png', sha256: hash('sha256', LOGO), bytes: LOGO },
  },
  service: { name: 'Agenda' },
});

/** At the address of whoever uses up this limit, far from the others'. */
function newBrowser(place: string, language: string): Browser {
  const network = Object.keys(PLACES).indexOf(place) + 1;
  return new Browser({
    stopAt: (url) => url.hostname.endsWith('.example'),
    headers: { 'x-forwarded-for': `10.${network}.0.1`, 'accept-language': language },
  });
}

/** Does the same until it is too much. */
async function untilTooMany(most: number, send: () => Promise<Page>): Promise<Page> {
  let page = await send();
  for (let count = 1; count < most && page.status !== 429; count += 1) page = await send();
  return page;
}

const logIn = (browser: Browser, page: Page, username: string, password: string) =>
  browser.submit(page, '#login-form', { username, password });

async function wrongPasswords(browser: Browser, url: string): Promise<Page> {
  const page = await browser.open(url);
  return untilTooMany(12, () => logIn(browser, page, 'camille', 'wrong'));
}

/** From a page of a member whose authenticator app is asked for. */
async function wrongCodes(browser: Browser, url: string): Promise<Page> {
  const { personId, username } = await hub.newMember();
  await hub.database.transaction((tx) =>
    storeTotp(tx, hub.sealer, personId, { secret: newTotpSecret(), step: 0 }),
  );
  const page = await logIn(browser, await browser.open(url), username, PASSWORD);
  return untilTooMany(12, () => browser.submit(page, '#second-factor-form', { code: '000000' }));
}

async function wrongLinks(browser: Browser): Promise<Page> {
  const url = `${hub.client.issuer}/verify/${'a'.repeat(43)}`;
  return untilTooMany(70, () => browser.open(url));
}

/** More than anybody may have waiting; they are sent by many connections. */
async function requestsOfApps(browser: Browser): Promise<Page> {
  let isOver = false;
  const send = async () => {
    const answer = await fetch(hub.client.authorizationUrl(), {
      redirect: 'manual',
      headers: browser.headers,
    });
    await answer.arrayBuffer();
    isOver ||= answer.status === 429;
  };
  for (let round = 0; round < 200 && !isOver; round += 1)
    await Promise.all(Array.from({ length: 12 }, send));
  return browser.open(hub.client.authorizationUrl());
}

async function askToRecover(browser: Browser): Promise<Page> {
  return untilTooMany(8, async () =>
    browser.submit(await browser.open(`${hub.client.issuer}/recover`), '#recover-form', {
      username: 'camille',
    }),
  );
}

async function askToRegister(browser: Browser): Promise<Page> {
  return untilTooMany(8, async () =>
    browser.submit(await browser.open(`${hub.client.issuer}/register`), '#register-form', {
      email: 'camille@ailleurs.example',
    }),
  );
}

type Met = { meet: (browser: Browser) => Promise<Page>; wayOn: string };
const PLACES: Record<string, Met> = {
  'wrong passwords': {
    meet: (browser) => wrongPasswords(browser, `${hub.client.issuer}/login`),
    wayOn: '#login-form',
  },
  'wrong passwords on the way to an app': {
    meet: (browser) => wrongPasswords(browser, hub.client.authorizationUrl()),
    wayOn: '#login-form',
  },
  'wrong codes': {
    meet: (browser) => wrongCodes(browser, `${hub.client.issuer}/login`),
    wayOn: '#second-factor-form',
  },
  'wrong codes on the way to an app': {
    meet: (browser) => wrongCodes(browser, hub.client.authorizationUrl()),
    wayOn: '#second-factor-form',
  },
  'links that are none': { meet: wrongLinks, wayOn: '#way-on' },
  'requests of apps': { meet: requestsOfApps, wayOn: '#way-on' },
  'asking for a new password': { meet: askToRecover, wayOn: '#recover-form' },
  'asking to register': { meet: askToRegister, wayOn: '#register-form' },
};

const WORDS = { fr: /Réessayez dans (une|\d+) minutes?\./, en: /Try again in (a|\d+) minutes?\./ };

describe.each(Object.entries(PLACES))(
  'too many below a community: %s',
  (place, { meet, wayOn }) => {
    it.each([
      ['fr', 'fr'],
      // The community's own.
      ['', 'en'],
    ] as const)(
      'wears its face, says when, and has a way on (asked for: "%s")',
      async (wants, spoken) => {
        const page = await meet(newBrowser(place, wants));
        const { document } = page;
        const attribute = (selector: string, name: string) =>
          document.querySelector(selector)?.getAttribute(name);
        expect(page.status).toBe(429);
        expect({
          language: attribute('html', 'lang'),
          name: document.querySelector('.brand bdi')?.text,
          home: attribute('.brand', 'href'),
          logo: attribute('.brand img', 'src')?.startsWith('/c/fabrique/logo'),
          colour: document
            .querySelectorAll('link[rel=stylesheet]')
            .some((sheet) => sheet.getAttribute('href')?.startsWith('/c/fabrique/theme.css')),
          help: attribute('footer a', 'href'),
        }).toEqual({
          language: spoken,
          name: NAME,
          home: '/c/fabrique',
          logo: true,
          colour: true,
          help: `mailto:${HELP}`,
        });
        expect(document.querySelector('main')?.text).toMatch(WORDS[spoken]);
        expect(page.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
        expect(document.querySelector(wayOn)).not.toBeNull();
      },
    );
  },
);
