import pg from 'pg';
import { describe, expect, inject, it } from 'vitest';
import { Browser, type Page } from './support/browser.ts';
import { buildCommunity, PASSWORD } from './support/factories.ts';
import { useHub } from './support/use-hub.ts';

const NAME = 'La Fabrique';
const HELP = 'aide@fabrique.example';
const HOST = 'connexion.fabrique.example';

const hub = useHub({
  env: { TROUSSEAU_TRUSTED_PROXIES: '127.0.0.0/8' },
  community: {
    slug: 'fabrique',
    name: NAME,
    accent: '#0a7d5a',
    contact: HELP,
    locale: 'en',
    hosts: [HOST],
  },
  member: {},
  service: {},
});

const asForm = (fields: Record<string, string>, headers: Record<string, string> = {}) => ({
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  body: new URLSearchParams(fields).toString(),
});

/** What somebody sees of whose page it is, and where it leads. */
function faceOf({ document }: Page) {
  const link = (selector: string) => document.querySelector(selector)?.getAttribute('href');
  return {
    name: document.querySelector('.brand bdi, .brand span:not(.logo)')?.text,
    colour: document
      .querySelectorAll('link[rel=stylesheet]')
      .some((sheet) => sheet.getAttribute('href')?.includes('theme.css')),
    help: link('footer a'),
    home: link('#home-link'),
  };
}

const OURS = { name: NAME, colour: true, help: `mailto:${HELP}`, home: '/c/fabrique' };
const THE_HUBS = { name: 'Trousseau', colour: false, help: undefined, home: '/' };

/** Every kind of error that a visitor of a community may meet while the database is there. */
const ERRORS: Record<string, { status: number; meet: (browser: Browser) => Promise<Page> }> = {
  'an address that does not exist': {
    status: 404,
    meet: (browser) => browser.open(`${hub.issuer}/nulle-part`),
  },
  'an address that takes forms only': {
    status: 405,
    meet: (browser) => browser.open(`${hub.issuer}/language`),
  },
  'a form from elsewhere': {
    status: 403,
    meet: (browser) => browser.open(`${hub.issuer}/login`, asForm({ username: 'x' })),
  },
  'a form that is too large': {
    status: 413,
    meet: (browser) => browser.open(`${hub.issuer}/login`, asForm({ username: 'x'.repeat(1e6) })),
  },
  'an address whose letters are lost': {
    status: 400,
    meet: (browser) => browser.open(`${hub.issuer}/login?return_to=%ff`),
  },
  "an app's request that is over": {
    status: 400,
    meet: (browser) => browser.open(`${hub.issuer}/login/passe`),
  },
  'an app that nobody knows': {
    status: 400,
    meet: (browser) => browser.open(hub.client.authorizationUrl({ client_id: 'inconnue' })),
  },
  'an app that wants to be answered elsewhere': {
    status: 400,
    meet: (browser) =>
      browser.open(hub.client.authorizationUrl({ redirect_uri: 'https://evil.example/' })),
  },
  'an endpoint that does not exist': {
    status: 404,
    meet: (browser) => browser.open(`${hub.issuer}/oidc/nulle-part`),
  },
  "a sign-out that is nobody's": {
    status: 400,
    meet: (browser) => browser.open(`${hub.issuer}/oidc/session/end?id_token_hint=x`),
  },
  'a fault of ours': { status: 500, meet: (browser) => withoutSchema(() => tryToSignIn(browser)) },
};

describe('an error below a community', () => {
  it.each(Object.entries(ERRORS))(
    'wears its face, names its help and leads to its sign-in: %s',
    async (_, { status, meet }) => {
      const browser = new Browser();
      const page = await meet(browser);
      expect([page.status, faceOf(page)]).toEqual([status, OURS]);
      const home = await browser.open(new URL(faceOf(page).home as string, page.url).href);
      expect(home.document.querySelector('#sign-in')?.getAttribute('href')).toMatch(/\/login$/);
    },
  );

  it("speaks the visitor's language, and the community's to those who ask for none", async () => {
    const wants = (language: string) => new Browser({ headers: { 'accept-language': language } });
    for (const { meet } of Object.values(ERRORS)) {
      for (const [language, spoken] of [
        ['fr', 'fr'],
        ['', 'en'],
      ] as const) {
        const { document } = await meet(wants(language));
        expect(document.querySelector('html')?.getAttribute('lang')).toBe(spoken);
      }
    }
  });

  it('leads whoever is signed in to their home', async () => {
    const browser = new Browser();
    await signIn(browser);
    const page = await browser.open(`${hub.issuer}/account/nulle-part`);
    expect([page.status, faceOf(page)]).toEqual([404, OURS]);
    const home = await browser.open(new URL(faceOf(page).home as string, page.url).href);
    expect(home.document.querySelector('h1')?.text).toBe('Mes services');
  });

  it('wears it on a host of its own', async () => {
    const browser = new Browser({ headers: { 'x-forwarded-host': HOST } });
    const page = await browser.open(`${hub.url}/nulle-part`);
    expect([page.status, faceOf(page)]).toEqual([404, { ...OURS, home: '/' }]);
  });

  it('stays a document of its kind for a program', async () => {
    const program = new Browser({ headers: { accept: 'application/json' } });
    const answer = await program.send(`${hub.issuer}/nulle-part`);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(await answer.json()).toMatchObject({ status: 404, title: 'not-found' });
  });

  it('leads from a form that was refused back to the page it stands on', async () => {
    const browser = new Browser();
    const login = await browser.open(`${hub.issuer}/login?return_to=/account`);
    await browser.jar.removeAllCookies();
    const refused = await browser.submit(login, '#login-form', { username: 'x', password: 'y' });
    const way = refused.document.querySelector('#way-on');
    expect([refused.status, way?.text.trim()]).toEqual([403, 'Revenir à la page']);
    expect(way?.getAttribute('href')).toBe('/c/fabrique/login?return_to=/account');
  });

  it.each([
    ['elsewhere', () => 'https://evil.example/c/fabrique/login'],
    ['to a neighbour', () => `${hub.url}/c/fabrique-2/login`],
    ['to what is no page', () => `${hub.issuer}/language`],
    ['to a page whose address is a secret', () => `${hub.issuer}/recover/abcdefghijklmnop`],
  ])('never leads %s', async (_, referrer) => {
    const form = asForm({ username: 'x' }, { referer: referrer() });
    const refused = await new Browser().open(`${hub.issuer}/login`, form);
    expect([refused.status, refused.document.querySelector('#way-on')]).toEqual([403, null]);
  });

  it('of a sign-in that is over leads to where it begins again', async () => {
    const browser = new Browser();
    const { document } = await browser.open(`${hub.issuer}/login`);
    const csrf = document.querySelector('input[name=csrf]')?.getAttribute('value') as string;
    const over = await browser.open(`${hub.issuer}/login/second-factor`, asForm({ csrf }));
    const way = over.document.querySelector('#way-on');
    expect([over.status, way?.getAttribute('href')]).toEqual([400, '/c/fabrique/login']);
  });

  it('while the database is away wears the face that it was last seen with', async () => {
    const browser = new Browser();
    await browser.open(`${hub.issuer}/login`);
    await withoutDatabase(async () => {
      const page = await browser.open(`${hub.issuer}/register`);
      expect([page.status, faceOf(page)]).toEqual([503, OURS]);
      expect(page.document.querySelector('#way-on')?.getAttribute('href')).toBe('');
      expect(page.text).not.toContain('/register');
    });
    expect((await browser.open(`${hub.issuer}/login`)).status).toBe(200);
  });
});

describe('a community that is paused', () => {
  it('says so with its face, and whom to ask', async () => {
    const paused = await buildCommunity(hub.database, {
      name: 'En pause',
      accent: '#0a7d5a',
      contact: HELP,
      state: 'frozen',
    });
    const { status, document } = await new Browser().open(`${hub.url}/c/${paused.slug}/login`);
    expect([status, document.querySelector('.brand bdi')?.text]).toEqual([503, 'En pause']);
    expect(document.querySelector('main')?.text).toContain(HELP);
    expect(document.querySelector('#way-on')?.getAttribute('href')).toBe(`/c/${paused.slug}`);
  });
});

describe('an error of the hub', () => {
  it.each([
    ['/nulle-part', '/'],
    ['/c/nulle-part', '/'],
    ['/c/nulle-part/login', '/'],
    ['/operatornulle-part', '/'],
    ['/operator/nulle-part', '/operator'],
  ])("wears the hub's face and leads to its door, or the console's: %s", async (path, home) => {
    const page = await new Browser().open(hub.url + path);
    expect([page.status, faceOf(page)]).toEqual([404, { ...THE_HUBS, home }]);
  });

  it('of a host that is not served leads to the hub', async () => {
    const browser = new Browser({ headers: { 'x-forwarded-host': 'ailleurs.example' } });
    const page = await browser.open(`${hub.url}/login`);
    expect([page.status, faceOf(page)]).toEqual([421, { ...THE_HUBS, home: `${hub.url}/` }]);
  });

  it('of a form leads back to its page', async () => {
    const browser = new Browser();
    const login = await browser.open(`${hub.url}/operator/login`);
    await browser.jar.removeAllCookies();
    const refused = await browser.submit(login, '#login-form', { email: 'x', password: 'y' });
    expect(refused.document.querySelector('#way-on')?.getAttribute('href')).toBe('/operator/login');
  });
});

async function tryToSignIn(browser: Browser): Promise<Page> {
  const login = await browser.open(`${hub.issuer}/login`);
  return browser.submit(login, '#login-form', {
    username: hub.member.username,
    password: PASSWORD,
  });
}

async function signIn(browser: Browser): Promise<void> {
  expect((await tryToSignIn(browser)).status).toBe(200);
}

/** A fault that no code expects: a table that a sign-in reads is not there. */
async function withoutSchema<Result>(act: () => Promise<Result>): Promise<Result> {
  await hub.database.query('ALTER TABLE throttles RENAME TO throttles_away');
  try {
    return await act();
  } finally {
    await hub.database.query('ALTER TABLE throttles_away RENAME TO throttles');
  }
}

/** The database has another name for a while: to the hub it is gone. */
async function withoutDatabase(act: () => Promise<void>): Promise<void> {
  const name = new URL(hub.databaseUrl).pathname.slice(1);
  const admin = new pg.Client(inject('postgresUrl'));
  await admin.connect();
  const rename = async (from: string, to: string) => {
    await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
      from,
    ]);
    await admin.query(`ALTER DATABASE ${from} RENAME TO ${to}`);
  };
  try {
    // The hub connects again and again: the name changes in a moment when it is not.
    const isGone = () =>
      rename(name, `${name}_away`).then(
        () => true,
        () => false,
      );
    await expect.poll(isGone, { timeout: 20_000 }).toBe(true);
    await act();
  } finally {
    await rename(`${name}_away`, name);
    await admin.end();
  }
}
