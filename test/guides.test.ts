import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { LDAP, ldapTo } from './ldap/support/directory.ts';
import type { LdapClient } from './ldap/support/ldap-client.ts';
import { applyText } from './support/apply-text.ts';
import { Browser } from './support/browser.ts';
import { type Block, blocksOf, filtersOf } from './support/guide.ts';
import { RelyingParty } from './support/relying-party.ts';
import { useHub } from './support/use-hub.ts';

type Client = {
  id: string;
  redirectUris: string[];
  backchannelLogoutUri?: string;
  auth?: string;
  scopes: string[];
  claimsIn: string;
};
type Service = { slug: string; client: Client; access?: { groups: string[] } };
/** What a guide says of one app: the hub's side, and the app's. */
type Guide = { app: string; service: Service; settings: string };

const ISSUER = 'https://login.example.org/c/lamyne';
const SECRET = 'a secret of the guides, long enough';

const sections = Map.groupBy(blocksOf('apps-oidc.md'), ({ section }) => section);
const GUIDES: Guide[] = [...sections].flatMap(([app, blocks]) => {
  const [hub, settings] = blocks as [Block | undefined, Block | undefined];
  if (settings === undefined || hub === undefined || app === '') return [];
  const [service] = parse(hub.text) as [Service];
  return [{ app, service, settings: settings.text }];
});

/** What the app's block asks the hub for, whichever way it is written. */
function scopesIn(settings: string): string[] {
  const written =
    /--scope="([^"]+)"/.exec(settings)?.[1] ??
    /^CMD_OAUTH2_SCOPE="([^"]+)"/m.exec(settings)?.[1] ??
    /^ *scope: "([^"]+)"/m.exec(settings)?.[1] ??
    /^ *scopes: \[([^\]]+)\]/m.exec(settings)?.[1];
  return (written ?? '').split(/[ ,]+/);
}

function claimsIn(settings: string): string[] {
  const found = [
    /--mapping-[\w-]+=(\w+)/g,
    /^CMD_OAUTH2_USER_PROFILE_\w+_ATTR=(\w+)/gm,
    /^CMD_OAUTH2_ROLES_CLAIM=(\w+)/gm,
    /\{\{ user\.(\w+) \}\}/g,
  ].flatMap((pattern) => [...settings.matchAll(pattern)].map(([, claim]) => claim as string));
  return [...new Set(found)];
}

describe('the guide for OpenID Connect', () => {
  const hub = useHub();
  let discovery: Record<string, unknown>;
  beforeAll(async () => {
    const password = { env: 'ALICE' };
    const document = {
      version: 1,
      communities: [
        {
          slug: 'lamyne',
          name: 'La MYNE',
          groups: [{ name: 'membres', groups: ['bureau'] }, { name: 'bureau' }],
          members: [
            {
              username: 'Zoé.dupont',
              name: 'Zoé Dupont',
              email: 'zoe@lamyne.example',
              locale: 'fr',
              password,
              groups: ['bureau'],
            },
          ],
          services: GUIDES.map(({ service }) => service),
        },
      ],
    };
    const secrets = Object.fromEntries(
      GUIDES.map(({ service }) => [
        (service.client as { secret?: { env: string } }).secret?.env,
        SECRET,
      ]),
    );
    const env = { ...secrets, ALICE: 'correct horse battery staple' };
    const options = { env, hubUrl: hub.url };
    await applyText(hub.database, JSON.stringify(document), options, hub.sealer);
    await hub.app.settle();
    const answer = await fetch(`${hub.url}/c/lamyne/.well-known/openid-configuration`);
    discovery = (await answer.json()) as Record<string, unknown>;
  });

  it('has Nextcloud, HedgeDoc and Matrix in it, with both sides of each', () => {
    expect(GUIDES.map(({ app }) => app)).toEqual([
      'Nextcloud',
      'HedgeDoc 1',
      'Matrix with MAS',
      'Matrix with Synapse alone',
    ]);
  });

  it.each(GUIDES)('$app: each address of the hub is one that discovery names', ({ settings }) => {
    const issuer = `${hub.url}/c/lamyne`;
    const known = new Set([
      issuer,
      `${issuer}/.well-known/openid-configuration`,
      ...Object.values(discovery).filter((value) => typeof value === 'string'),
    ]);
    const named = [...settings.matchAll(/https:\/\/login\.example\.org[^\s"']*/g)];
    expect(named.length).toBeGreaterThan(0);
    for (const [address] of named) {
      expect(address.startsWith(ISSUER)).toBe(true);
      expect([...known]).toContain(address.replace(ISSUER, issuer));
    }
  });

  it.each(GUIDES)(
    '$app: it asks for scopes that the client has, and takes claims that come with them',
    ({ service: { client }, settings }) => {
      const scopes = scopesIn(settings);
      expect(client.scopes).toEqual(expect.arrayContaining(scopes));
      expect(discovery.scopes_supported).toEqual(expect.arrayContaining(scopes));
      expect(claimsIn(settings).length).toBeGreaterThan(2);
      expect(discovery.claims_supported).toEqual(expect.arrayContaining(claimsIn(settings)));
    },
  );

  it.each(GUIDES)('$app: both sides name the same client', ({ service: { client }, settings }) => {
    const [, id] = /(?:client_?id|CLIENT_ID)(?:=|: )(\S+)/.exec(settings) ?? [];
    expect(id).toBe(client.id);
    const ulid = /^ *- id: (\S+)/m.exec(settings)?.[1];
    if (ulid === undefined) return;
    expect(ulid).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
    for (const address of [...client.redirectUris, client.backchannelLogoutUri]) {
      expect(address?.endsWith(`/${ulid}`)).toBe(true);
    }
  });

  it.each(GUIDES)(
    '$app: a member signs in with these settings, and their claims are where it reads',
    async ({ service, settings }) => {
      const { client } = service;
      const [redirectUri = ''] = client.redirectUris;
      const built = {
        id: '',
        slug: service.slug,
        clientId: client.id,
        clientSecret: SECRET,
        redirectUri,
      };
      const app = new RelyingParty(hub.url, { id: '', slug: 'lamyne' }, built);
      const browser = new Browser({ stopAt: (url) => url.hostname.endsWith('.lamyne.example') });
      const answer = await app.signIn(browser, 'Zoé.dupont', {
        scope: scopesIn(settings).join(' '),
      });
      const inBody = client.auth === 'client_secret_post';
      const response = await fetch(discovery.token_endpoint as string, {
        method: 'POST',
        headers: inBody ? {} : { authorization: app.basic() },
        body: new URLSearchParams({
          grant_type: 'authorization_code',
          code: answer.get('code') as string,
          redirect_uri: redirectUri,
          code_verifier: app.verifier,
          ...(inBody && { client_id: client.id, client_secret: SECRET }),
        }),
      });
      const tokens = (await response.json()) as { access_token: string; id_token: string };
      const userinfo = await fetch(discovery.userinfo_endpoint as string, {
        headers: { authorization: `Bearer ${tokens.access_token}` },
      });
      const claims: Record<string, unknown> =
        client.claimsIn === 'userinfo'
          ? ((await userinfo.json()) as Record<string, unknown>)
          : JSON.parse(
              Buffer.from(tokens.id_token.split('.')[1] as string, 'base64url').toString(),
            );
      // Nobody in these tests has a picture.
      const wanted = claimsIn(settings).filter((claim) => claim !== 'picture');
      expect(Object.keys(claims)).toEqual(expect.arrayContaining(wanted));
      if (wanted.includes('groups')) expect(claims.groups).toEqual(['bureau', 'membres']);
      if (wanted.includes('localpart')) expect(claims.localpart).toMatch(/^[a-z0-9._-]+$/);
    },
  );

  it("Nextcloud: the expression takes the community's groups, and never admin", () => {
    const settings = GUIDES.find(({ app }) => app === 'Nextcloud')?.settings ?? '';
    const [, given = '/^$/'] = /--group-whitelist-regex='([^']+)'/.exec(settings) ?? [];
    const expression = new RegExp(given.slice(1, -1));
    expect(
      ['bureau', 'membres', 'admin', 'badmin', 'admins'].filter((name) => expression.test(name)),
    ).toEqual(['bureau', 'membres']);
  });
});

describe('the guide for LDAP', () => {
  const FILTERS = blocksOf('apps-ldap.md').flatMap((block) =>
    filtersOf(block).map((filter) => ({ app: block.section, filter })),
  );
  const hub = useHub({ env: LDAP });
  let reader: LdapClient;
  let search: (filter: string) => Promise<string[]>;
  beforeAll(async () => {
    const document = {
      version: 1,
      communities: [
        {
          slug: 'lamyne',
          name: 'La MYNE',
          groups: [{ name: 'membres', groups: ['bureau'] }, { name: 'bureau' }],
          members: [
            {
              username: 'alice',
              name: 'Alice Martin',
              email: 'alice@lamyne.example',
              groups: ['bureau'],
            },
            { username: 'bob', name: 'Bob' },
          ],
          services: [{ slug: 'cloud', recipe: 'generic-oidc', ldap: { password: SECRET } }],
        },
      ],
    };
    await applyText(hub.database, JSON.stringify(document), { hubUrl: hub.url }, hub.sealer);
    await hub.app.settle();
    reader = await ldapTo(hub);
    expect((await reader.bind('cn=cloud,ou=services,o=lamyne', SECRET)).code).toBe(0);
    search = async (filter) => {
      const answer = await reader.search('o=lamyne', filter, { attributes: ['1.1'] });
      expect([filter, answer.code]).toEqual([filter, 0]);
      return answer.entries.map(({ dn }) => dn);
    };
  });
  afterAll(() => reader.close());

  /** The filter as the app sends it when alice signs in, or when it looks for what she is in. */
  const asSent = (filter: string, login: string) =>
    filter
      .replaceAll('%{dn}', 'uid=alice,ou=people,o=lamyne')
      .replaceAll(/\{\{username\}\}|%uid|%\{user\}|%\[1\]s|\$user|%s/g, login)
      // Postfix looks for a group by the part of an address before the @; Dovecot and others for a person.
      .replaceAll('%u', filter.includes('groupOfNames') ? 'bureau' : login);

  it('has filters for the apps that take them', () => {
    expect([...new Set(FILTERS.map(({ app }) => app))]).toEqual(
      expect.arrayContaining([
        'Nextcloud (user_ldap)',
        'HedgeDoc 1',
        'Dovecot',
        'Postfix',
        'DokuWiki',
        'ejabberd',
      ]),
    );
  });

  it.each(FILTERS)('$app: $filter finds whom it should', async ({ filter }) => {
    const isForMail = /\(mail=%s\)/.test(filter);
    const found = await search(asSent(filter, isForMail ? 'alice@lamyne.example' : 'alice'));
    const isForGroups = filter.includes('groupOfNames');
    expect(found).toContain(
      isForGroups ? 'cn=bureau,ou=groups,o=lamyne' : 'uid=alice,ou=people,o=lamyne',
    );
    // A filter with a name in it finds nobody else.
    const isNamed = asSent(filter, 'alice') !== filter;
    if (isNamed && !isForGroups) expect(found).toHaveLength(1);
    if (isNamed && !isForGroups) expect(await search(asSent(filter, 'nobody'))).toEqual([]);
    if (isNamed && /\(mail=%(?:s|uid|u|\[1\]s)\)/.test(filter)) {
      expect(await search(asSent(filter, 'alice@lamyne.example'))).toHaveLength(1);
    }
  });

  it('DokuWiki: the filter finds groups at any depth', async () => {
    const filter = FILTERS.find(({ app, filter }) => app === 'DokuWiki' && /%\{dn\}/.test(filter));
    expect((await search(asSent(filter?.filter ?? '', 'alice'))).sort()).toEqual([
      'cn=bureau,ou=groups,o=lamyne',
      'cn=membres,ou=groups,o=lamyne',
    ]);
  });
});
