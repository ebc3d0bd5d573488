import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ApplyError } from '../src/transfer/apply/faults.ts';
import { readLogo } from '../src/transfer/apply/logo.ts';
import { parseFile } from '../src/transfer/apply/parse-file.ts';

const HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g';

/** The lines that a file is refused with; none for a good one. */
function faultsOf(text: string, env: NodeJS.ProcessEnv = {}): string[] {
  try {
    parseFile('hub.yaml', text, 'https://login.example.org', env);
    return [];
  } catch (error) {
    if (!(error instanceof ApplyError)) throw error;
    return [...error.faults];
  }
}

/** A community with these lines in it; the first of them stands on line 5. */
const community = (lines: string) =>
  `version: 1\ncommunities:\n  - slug: lamyne\n    name: La MYNE\n${lines.replace(/^/gm, '    ')}`;
/** A client with these keys; the line of the client is 10. */
const client = (keys: string) =>
  community(
    `services:\n  - slug: wiki\n    recipe: generic-oidc\n    name: Wiki\n    url: https://wiki.example\n    client: {${keys}}`,
  );
const GOOD_CLIENT = 'id: wiki, secret: 0123456789abcdef, redirectUris: ["https://wiki.example/cb"]';

test('a good file has no fault', () => {
  expect(faultsOf(client(GOOD_CLIENT))).toEqual([]);
});

test('every fault is told at once, in the order of the lines, with its place and what to do', () => {
  const text = `version: 1
operators:
  - email: nobody
communities:
  - slug: La MYNE
    nmae: La MYNE
    registration: aproval
    members:
      - username: alice
        name: Alice
        email: a@lamyne.example
        mail: a@lamyne.example
      - username: ALICE
        name: Alice again
        email: A@lamyne.example
`;
  expect(faultsOf(text)).toEqual([
    'hub.yaml:3:5 operators[0].email: must be an e-mail address, such as name@example.org',
    expect.stringMatching(/^hub\.yaml:5:5 communities\[0\]\.slug: must have 1 to 63 characters/),
    'hub.yaml:5:5 communities[0].name: is missing',
    expect.stringMatching(
      /^hub\.yaml:6:5 communities\[0\]\.nmae: is not a key here \(did you mean "name"\?\); the keys are slug, name,/,
    ),
    'hub.yaml:7:5 communities[0].registration: must be one of open, approval, invitation, closed (did you mean "approval"?)',
    expect.stringMatching(
      /^hub\.yaml:12:9 communities\[0\]\.members\[0\]\.mail: is not a key here \(did you mean "email"\?\)/,
    ),
    'hub.yaml:13:9 communities[0].members[1].username: is the same username (case does not count) as on line 9: each may stand once',
    'hub.yaml:15:9 communities[0].members[1].email: is the same e-mail address as on line 11: each may stand once',
  ]);
});

describe('text that is not YAML is refused with the line, and without repeating any of it', () => {
  test.each([
    ['a duplicate key', 'version: 1\nversion: 1\n', 2, 'stands twice'],
    ['an open bracket', 'version: [1\n', 2, 'a bracket is still open'],
    ['a tab', 'version: 1\ncommunities:\n\t- slug: a\n', 3, 'spaces, not with tabs'],
    ['a lost alias', 'version: 1\noperators:\n  - password: *s3cr3tword\n', 3, 'between quotes'],
    [
      'a tag',
      'version: 1\noperators:\n  - password: !s3cr3tword x\n',
      3,
      'tags (!name) have no meaning',
    ],
    [
      'a strange escape',
      'version: 1\noperators:\n  - password: "s3cr3tword\\q"\n',
      3,
      'unknown escape',
    ],
    ['two documents', 'version: 1\n---\nversion: 1\n', 2, 'take away the line ---'],
    ['nothing', '', 1, 'the file is empty'],
    ['a list', '- 1\n', 1, 'must be a mapping'],
  ])('%s', (_name, text, line, message) => {
    const [fault] = faultsOf(text);
    expect(fault).toMatch(new RegExp(`^hub\\.yaml:${line}:`));
    expect(fault).toContain(message);
    expect(fault).not.toContain('s3cr3tword');
  });
});

describe('contradictions between keys are faults', () => {
  const slugs = (a: string, b: string) =>
    `version: 1\ncommunities:\n  - {slug: ${a}, name: A}\n  - {slug: ${b}, name: B}\n`;
  const two = (a: string, b: string) =>
    `version: 1\ncommunities:\n  - {slug: a, name: A, ${a}}\n  - {slug: b, name: B, ${b}}\n`;
  test.each([
    ['one slug twice', slugs('a', 'a'), '4:6 communities[1].slug: is the same slug as on line 3'],
    [
      'one host twice, in other letters',
      two('hosts: [login.a.example]', 'hosts: [LOGIN.a.example]'),
      '4:32 communities[1].hosts[0]: is the same host',
    ],
    [
      "the hub's own host",
      two('hosts: [login.example.org]', 'locale: fr'),
      "3:32 communities[0].hosts[0]: is the hub's own host",
    ],
    [
      'one LDAP host twice, in other letters',
      two('ldap: {hosts: [ldap.a.example]}', 'ldap: {hosts: [LDAP.a.example.]}'),
      '4:39 communities[1].ldap.hosts[0]: is the same LDAP host',
    ],
    [
      "the hub's own host for LDAP",
      two('ldap: {hosts: [login.example.org]}', 'locale: fr'),
      "3:39 communities[0].ldap.hosts[0]: is the hub's own host",
    ],
    [
      'one LDAP base twice',
      two('ldap: {base: "o=x"}', 'ldap: {base: "O=X"}'),
      '4:31 communities[1].ldap.base: is the same LDAP base',
    ],
    [
      "another's default LDAP base",
      two('locale: fr', 'ldap: {base: "o=a"}'),
      'communities[1].ldap.base: is the same LDAP base as on line 3',
    ],
    [
      'one operator twice',
      'version: 1\noperators:\n  - email: a@b.example\n  - email: A@b.example\n',
      '4:5 operators[1].email',
    ],
    [
      'one group twice',
      community('groups: [{name: Bureau}, {name: bureau}]'),
      'groups[1].name: is the same group',
    ],
    [
      'an unknown group of a member',
      community('groups: [{name: bureau}]\nmembers: [{username: a, name: A, groups: [bureo]}]'),
      '6:47 communities[0].members[0].groups[0]: names the group "bureo", which is not among this community\'s groups (did you mean "bureau"?)',
    ],
    [
      'an unknown group of a rule',
      community('services: [{slug: s, recipe: generic-oidc, access: {groups: [gone]}}]'),
      'services[0].access.groups[0]: names the group "gone"',
    ],
    [
      'an unknown nested group',
      community('groups: [{name: a, groups: [b]}]'),
      'groups[0].groups[0]: names the group "b"',
    ],
    [
      'groups in a circle',
      community(
        'groups: [{name: x}, {name: a, groups: [b]}, {name: b, groups: [c]}, {name: c, groups: [a]}]',
      ),
      'goes round in a circle: a → b → c → a',
    ],
    [
      'a group in itself',
      community('groups: [{name: a, groups: [a]}]'),
      'goes round in a circle: a → a',
    ],
    [
      'two passwords',
      community(
        `members: [{username: a, name: A, password: long-enough-12, passwordHash: "${HASH}"}]`,
      ),
      'members[0].passwordHash: stands beside password',
    ],
    [
      'one service twice',
      community('services: [{slug: s, recipe: generic-oidc}, {slug: s, recipe: generic-oidc}]'),
      'services[1].slug: is the same service',
    ],
    [
      'one client id twice',
      community(
        `services: [{slug: s, recipe: generic-oidc, client: {${GOOD_CLIENT}}}, {slug: t, recipe: generic-oidc, client: {${GOOD_CLIENT}}}]`,
      ),
      'services[1].client.id: is the same client id',
    ],
    [
      'a public client with a secret',
      client(`${GOOD_CLIENT}, auth: none`),
      'client.secret: stands beside auth: none',
    ],
    [
      'a public client without PKCE',
      client('id: a, redirectUris: ["https://a.example/"], auth: none, pkce: false'),
      'client.pkce: cannot be false',
    ],
    [
      'a client without a redirect',
      client('id: a, secret: 0123456789abcdef'),
      'client: has no redirectUris',
    ],
    [
      'a native client with plain http elsewhere',
      client(
        'id: a, kind: native, secret: 0123456789abcdef, redirectUris: ["org.example.app:/cb", "http://10.0.0.1/cb"]',
      ),
      'client.redirectUris[1]: must begin with https://',
    ],
    [
      'the scheme of a native app, where nothing says that it is one',
      client('id: a, auth: none, redirectUris: ["oc://android.owncloud.com"]'),
      'client.redirectUris[0]: has the scheme of a program on a phone or a computer: say kind: native',
    ],
    [
      'such a scheme after a sign-out',
      client(`${GOOD_CLIENT}, postLogoutRedirectUris: ["oc://android.owncloud.com"]`),
      'client.postLogoutRedirectUris[0]: has the scheme of a program',
    ],
    [
      'plain http in the local network for a client that may have it anyway',
      client(`${GOOD_CLIENT}, lanHttp: true`),
      'client.lanHttp: is for kind: native',
    ],
    [
      'a page in the browser with a secret',
      client(`${GOOD_CLIENT}, kind: spa`),
      'client.secret: stands beside kind: spa',
    ],
    [
      'a page in the browser with a way to send one',
      client('id: a, kind: spa, auth: client_secret_post, redirectUris: ["https://a.example/"]'),
      'client.auth: stands beside kind: spa',
    ],
  ])('%s', (_name, text, expected) => {
    expect(faultsOf(text)).toEqual([expect.stringContaining(expected)]);
  });
});

describe('values that cannot be are faults', () => {
  const member = (keys: string) => community(`members: [{name: A, ${keys}}]`);
  test.each([
    ['a username with @', member('username: a@b.example'), 'must not contain @'],
    ['a reserved username', member('username: Admin'), '"Admin" is reserved'],
    ['a number for text', member('username: 42'), 'must be text: put it between quotes'],
    [
      'a short password',
      member('username: a, password: short'),
      'password: must have at least 12 characters',
    ],
    [
      'a hash of another kind',
      member('username: a, passwordHash: "$2y$10$abc"'),
      'passwordHash: must be a password hash',
    ],
    [
      'a time zone that is none',
      member('username: a, zoneinfo: Europe/Lyon'),
      'must be a time zone',
    ],
    [
      'a colour by name',
      community('branding: {accent: green}'),
      'branding.accent: must be a colour',
    ],
    [
      'a host with a scheme',
      community('hosts: ["https://login.a.example"]'),
      'must be a host name alone',
    ],
    [
      'an LDAP host with a port',
      community('ldap: {hosts: ["ldap.a.example:636"]}'),
      'must be a host name alone, such as ldap.example.org, without ldaps:// and without a port',
    ],
    ['a base that is no DN', community('ldap: {base: lamyne}'), 'must be a distinguished name'],
    [
      'another recipe',
      community('services: [{slug: s, recipe: nextcloud}]'),
      'recipe: only the recipe "generic-oidc" exists for now',
    ],
    [
      'an access rule without groups',
      community('services: [{slug: s, recipe: generic-oidc, access: {groups: []}}]'),
      'access.groups: must name at least one group',
    ],
    [
      'an access rule of another kind',
      community('services: [{slug: s, recipe: generic-oidc, access: {role: admin}}]'),
      'access: must be everyone, approval, or',
    ],
    [
      'a relative redirect',
      client('id: a, secret: 0123456789abcdef, redirectUris: [/cb]'),
      'redirectUris[0]: must be an absolute address',
    ],
    [
      'a redirect with a fragment',
      client('id: a, secret: 0123456789abcdef, redirectUris: ["https://a.example/#x"]'),
      'must not have a fragment',
    ],
    [
      'a redirect over plain http',
      client('id: a, secret: 0123456789abcdef, redirectUris: ["http://a.example/"]'),
      'must begin with https://',
    ],
    [
      'a redirect that runs a script',
      client('id: a, secret: 0123456789abcdef, redirectUris: ["javascript:alert(1)"]'),
      'must begin with https://, or with the scheme of a native app',
    ],
    [
      'a redirect that hides what it runs',
      client('id: a, kind: native, auth: none, redirectUris: ["JaVa\\tScript:alert(1)"]'),
      'redirectUris[0]: must begin with https://, or with the scheme of a native app',
    ],
    [
      'a redirect to what the browser itself opens',
      client('id: a, kind: native, auth: none, redirectUris: ["view-source:https://a.example/"]'),
      'redirectUris[0]: must begin with https://, or with the scheme of a native app',
    ],
    [
      'a redirect with a user in it',
      client('id: a, kind: native, auth: none, redirectUris: ["oc://user@android"]'),
      'redirectUris[0]: must not have a user or password in it',
    ],
    [
      'an address of logouts that no server has',
      client(`${GOOD_CLIENT}, backchannelLogoutUri: "oc://android"`),
      'backchannelLogoutUri: must be an absolute web address',
    ],
    [
      'one way alone to send no secret',
      client(`${GOOD_CLIENT}, auth: {only: none}`),
      'client.auth: must be client_secret_basic, client_secret_post, none, or {only:',
    ],
    [
      'a wildcard',
      client('id: a, secret: 0123456789abcdef, redirectUris: ["https://*.a.example/"]'),
      '* stands for nothing',
    ],
    [
      'a scope nobody knows',
      client(`${GOOD_CLIENT}, scopes: [openid, emial]`),
      'scopes[1]: must be one of openid, profile, email, groups, community, localpart, offline_access (did you mean "email"?)',
    ],
    ['another version', 'version: 2\n', '1:1 version: must be 1'],
  ])('%s', (_name, text, expected) => {
    expect(faultsOf(text)).toEqual([expect.stringContaining(expected)]);
  });

  test.each([
    'http://localhost:8091/cb',
    'http://app.localhost/',
    'http://127.0.0.1/',
    'http://[::1]:1/',
    'http://192.168.1.4/',
    'http://synapse:8008/cb',
  ])('plain http to a private host (%s) is fine', (uri) => {
    expect(faultsOf(client(`id: a, secret: 0123456789abcdef, redirectUris: ["${uri}"]`))).toEqual(
      [],
    );
  });

  test.each([
    'auth: none, redirectUris: ["org.example.app:/cb", "http://127.0.0.1/cb"]',
    'auth: none, redirectUris: ["oc://android.owncloud.com"]',
    'secret: 0123456789abcdef, redirectUris: ["http://localhost", "http://127.0.0.1"]',
    'secret: 0123456789abcdef, redirectUris: ["https://p.example/login", "app.immich:///oauth-callback"]',
    'secret: 0123456789abcdef, lanHttp: true, redirectUris: ["http://192.168.1.4:2283/x", "app.immich:///cb"]',
  ])('a native app comes back to what it fixes: %s', (keys) => {
    expect(faultsOf(client(`id: a, kind: native, ${keys}`))).toEqual([]);
  });

  test('a page in the browser has no secret without saying so', () => {
    expect(faultsOf(client('id: a, kind: spa, redirectUris: ["https://a.example/"]'))).toEqual([]);
  });

  test('a service may take one way alone of sending a secret', () => {
    expect(faultsOf(client(`${GOOD_CLIENT}, auth: {only: client_secret_post}`))).toEqual([]);
  });
});

test('secrets come from the environment, and a variable that is not set is told by its name', () => {
  const text = community('members: [{username: a, name: A, password: {env: ALICE}}]');
  expect(faultsOf(text, { ALICE: 'long-enough-secret' })).toEqual([]);
  expect(faultsOf(text)).toEqual([
    expect.stringContaining('password: the environment variable ALICE is not set'),
  ]);
  expect(faultsOf(text, { ALICE: 's3cr3t' })).toEqual([expect.not.stringContaining('s3cr3t')]);
});

test('partnerships are checked, and refused as not in effect', () => {
  const text = `${community('services: [{slug: cloud, recipe: generic-oidc}]')}
partnerships:
  - { host: lamyne, partner: gone, services: [cluod] }
`;
  expect(faultsOf(text)).toEqual([
    expect.stringMatching(/^hub\.yaml:6:1 partnerships: partnerships are not in effect yet/),
    expect.stringContaining(
      '7:21 partnerships[0].partner: names the community "gone", which this file does not have',
    ),
    expect.stringContaining(
      'partnerships[0].services[0]: names the service "cluod", which the host does not have (did you mean "cloud"?)',
    ),
  ]);
});

describe('logos', () => {
  async function logo(bytes: string | Buffer) {
    const folder = await mkdtemp(join(tmpdir(), 'logo-'));
    try {
      await writeFile(join(folder, 'logo'), bytes);
      return await readLogo('./logo', folder);
    } finally {
      await rm(folder, { recursive: true });
    }
  }
  const svg = (inside: string) => `<svg xmlns="http://www.w3.org/2000/svg">${inside}</svg>`;

  test('are known by their bytes, not by their name', async () => {
    expect(await logo(svg('<path d="M0 0"/>'))).toMatchObject({ mediaType: 'image/svg+xml' });
    expect(await logo(Buffer.from('89504e470d0a1a0a00000000', 'hex'))).toMatchObject({
      mediaType: 'image/png',
    });
    expect(await logo('GIF89a')).toEqual({
      fault: expect.stringContaining('not an SVG, PNG, JPEG or WebP'),
    });
    expect(await logo(Buffer.alloc(262_145))).toEqual({
      fault: expect.stringContaining('more than 256 KB'),
    });
    expect(await readLogo('logo.svg', '/nowhere')).toEqual({
      fault: expect.stringContaining('no file to read'),
    });
  });

  test.each([
    '<script>alert(1)</script>',
    '<svg:script/>',
    '<foreignObject/>',
    '<rect onload="alert(1)"/>',
    '<rect\nonclick = "x"/>',
    '<image href="https://evil.example/x.png"/>',
    '<use xlink:href="//evil.example/x.svg#a"/>',
    '<a href="#x"><path/></a>',
    '<image href="&#104;ttps://evil.example"/>',
    '<style>@import "https://evil.example"</style>',
    '<rect style="fill:url(https://evil.example#a)"/>',
    '<rect style="fill:u\\72l(https://evil.example)"/>',
    '<set attributeName="href" to="javascript:x"/>',
  ])('an SVG with %s is refused', async (inside) => {
    expect(await logo(svg(inside))).toEqual({ fault: expect.any(String) });
  });

  test('an SVG may refer to its own parts and carry its own pictures', async () => {
    const inside =
      '<rect fill="url(#g)"/><use href="#a"/><image href="data:image/png;base64,AA=="/>';
    expect(await logo(svg(inside))).toMatchObject({ mediaType: 'image/svg+xml' });
  });
});
