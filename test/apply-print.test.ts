import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { SETTING_NAMES } from '../src/domain/communities/community-settings.ts';
import { saveMembers } from '../src/domain/memberships/save-members.ts';
import { setMemberStatus } from '../src/domain/memberships/set-member-status.ts';
import { applyFile } from '../src/transfer/apply/apply-file.ts';
import { formatPlan } from '../src/transfer/apply/plan.ts';
import { printCommunity } from '../src/transfer/apply/print-community.ts';
import { allThatIsStored } from './security/all-that-is-stored.ts';
import { applyText, SEALER } from './support/apply-text.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { factories } from './support/domain.ts';
import { buildMember } from './support/factories.ts';
import { runTrousseau } from './support/run-trousseau.ts';

let db: TestDatabase;
let build: ReturnType<typeof factories>;
beforeAll(async () => {
  db = await cloneDatabase();
  build = factories(db.database);
});
afterAll(() => db.drop());

async function printed(slug: string): Promise<string> {
  let text = '';
  await printCommunity(db.database, slug, async (piece) => {
    text += piece;
  });
  return text;
}

/** With every key that a file can have, and names that YAML would take for something else. */
const RICH = `version: 1
communities:
  - slug: riche
    name: "Le #1 : oui"
    locale: en
    registration: approval
    hosts: [login.riche.example, riche.example]
    branding: { accent: "#0a7d5a", welcome: "Bienvenue :\\n- oui" }
    description: "# Un lieu\\n\\ndeux lignes"
    town: "yes"
    links: [{ name: "Site: #1", url: "https://riche.example/?a=b#c" }]
    listed: true
    contact: bonjour@riche.example
    ldap:
      base: "o=riche,dc=example"
      hosts: [ldap.riche.example]
      passwordBind: true
      openToOperators: true
      posix: { firstNumber: 20000, count: 500, primaryGroup: "no", home: "/srv/{username}", shell: /bin/sh }
    policies: { secondFactor: admins, secondFactorFrom: "2027-01-31", recoveryDelayHours: 24 }
    questions: [{ text: "Qui : vous ?", required: true }, { text: "null", required: false }]
    groups:
      - { name: "no", description: "- une liste ?", joining: request, seats: 12, managers: [alice, "0x1f"] }
      - { name: "007", groups: ["no"] }
      - { name: "C&A, [bureau]" }
    members:
      - { username: alice, name: "true", givenName: "Élodie", familyName: "O'Brien: #2", nickname: "~", email: alice@riche.example, password: secret-of-alice, role: owner, groups: ["no", "C&A, [bureau]"], locale: fr, zoneinfo: Europe/Paris }
      - { username: "123", name: "👩‍👩‍👧 x", role: admin, roleUntil: 2041-12-31, status: suspended }
      - { username: "0x1f", name: "Bob", email: bob@riche.example, until: 2040-06-30, groups: [{ name: "no", until: 2039-01-31 }] }
      - { username: carla, name: "Carla", status: requested }
    services:
      - { slug: wiki, recipe: generic-oidc, name: "Wiki: \\"x\\"", description: "%d", icon: "📚", url: "https://wiki.example", trust: third-party, access: { groups: ["007", "no"] }, sessionHours: 12, client: { id: wiki, secret: secret-of-the-wiki, redirectUris: ["https://wiki.example/cb"], postLogoutRedirectUris: ["https://wiki.example/"], backchannelLogoutUri: "https://wiki.example/out", backchannelLogoutToInitiator: true, initiateLoginUri: "https://wiki.example/in", grants: [authorization_code], auth: { only: client_secret_post }, idTokenAlg: ES256, scopes: [openid, groups], claimsIn: id_token, pkce: true }, ldap: { password: secret-of-reader } }
      - { slug: photos, recipe: generic-oidc, access: approval, client: { kind: native, lanHttp: true, id: photos, secret: secret-of-the-photos, redirectUris: ["http://192.168.1.20:2283/cb", "app.immich:///cb"] } }
      - { slug: page, recipe: generic-oidc, client: { kind: spa, id: page, auth: none, redirectUris: ["https://page.example/cb"] } }
      - { slug: annuaire, recipe: generic-oidc, ldap: { password: secret-of-other } }
`;

describe('the present state as a file', () => {
  test('is a file by which nothing changes, of a community with everything', async () => {
    await applyText(db.database, RICH);
    const [{ id }] = await db.database.query(`SELECT id FROM communities WHERE slug = 'riche'`);
    await buildMember(db.database, id, { username: 'ouverte', emailVerified: undefined });
    const gone = await buildMember(db.database, id, { username: 'partie' });
    await db.database.transaction((tx) => setMemberStatus(tx, id, gone.subject, 'leave', 'cli'));
    const before = await allThatIsStored(db.database);
    const text = await printed('riche');
    for (const options of [{}, { prune: true }])
      expect(formatPlan(await applyText(db.database, text, options))).toBe('nothing to change');
    expect(await allThatIsStored(db.database)).toEqual(before);
    expect(await printed('riche')).toBe(text);
  });

  test('says every setting that a file can say, but for the logo', async () => {
    const { communities } = parse(await printed('riche'));
    const said = (path: string) =>
      path.split('.').reduce((value, key) => value?.[key], communities[0]) !== undefined;
    expect(Object.values(SETTING_NAMES).filter((path) => !said(path))).toEqual(['branding.logo']);
  });

  test('holds no secret, no hash, and no address that nobody vouches for', async () => {
    const text = await printed('riche');
    for (const hidden of ['secret-of', '$argon2', 'ouverte@', 'partie', 'password:'])
      expect([hidden, text.split('\n').slice(2).join('\n').includes(hidden)]).toEqual([
        hidden,
        false,
      ]);
    expect(text).toContain('username: ouverte');
  });

  test('shows what was changed, and takes it back', async () => {
    const text = await printed('riche');
    const other = text
      .replace('name: Bob', 'name: Robert')
      .replace('sessionHours: 12', 'sessionHours: 6');
    expect(formatPlan(await applyText(db.database, other))).toContain('2 changed');
    expect(formatPlan(await applyText(db.database, text))).toContain('2 changed');
    expect(await printed('riche')).toBe(text);
  });

  test('changes nothing of any community of the example', async () => {
    const example = { path: 'examples/tiers-lieux.yaml', hubUrl: 'https://hub.example', env: {} };
    const { changes } = await applyFile(db.database, SEALER, example);
    const made = changes.filter(({ kind }) => kind === 'community').map(({ name }) => name);
    expect(made.length).toBe(3);
    for (const slug of made) {
      const plan = await applyText(db.database, await printed(slug));
      expect([slug, formatPlan(plan)]).toEqual([slug, 'nothing to change']);
    }
  });

  test('is written in pieces, so that a city’s members are never all held', async () => {
    const id = await build.buildCommunity('ville');
    const names = Array.from(
      { length: 1_203 },
      (_, index) => `m-${String(index).padStart(5, '0')}`,
    );
    const members = names.map((username) => ({ username, displayName: username }));
    const place = { id, issuerUrl: undefined };
    await db.database.transaction((tx) => saveMembers(tx, place, members, 'cli'));
    const pieces: string[][] = [];
    await printCommunity(db.database, 'ville', async (piece) => {
      pieces.push([...piece.matchAll(/username: (\S+)/g)].map(([, name]) => name as string));
    });
    expect(pieces.flat()).toEqual(names);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(500);
  });

  test('of a new client that the hub has no secret of is told as a fault', async () => {
    const text = RICH.replaceAll('riche', 'autre').replace(', secret: secret-of-the-photos', '');
    const fewer = text.replace(/ {6}posix.*\n/, '').replace('dc=example', 'dc=autre');
    await expect(applyText(db.database, fewer)).rejects.toThrow(
      /:\d+:\d+ communities\[0\]\.services\[1\]\.client\S*: has no secret: give one/,
    );
  });
});

describe('trousseau apply --print', () => {
  const env = () => ({
    DATABASE_URL: db.url,
    TROUSSEAU_URL: 'https://hub.example',
    TROUSSEAU_SECRET: 'a-sealing-key-for-tests-of-32-characters',
  });

  test('prints a file that apply takes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'print-'));
    try {
      const { code, out } = await runTrousseau(['apply', '--print', 'riche'], env());
      expect([code, out]).toEqual([0, await printed('riche')]);
      await writeFile(join(folder, 'hub.yaml'), out);
      const again = await runTrousseau(['apply', join(folder, 'hub.yaml')], env());
      expect([again.code, again.out.trim()]).toEqual([0, 'nothing to change']);
      expect(await readFile(join(folder, 'hub.yaml'), 'utf8')).toBe(out);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test.each([
    [['apply', '--print', 'nulle-part'], 'there is no community'],
    [['apply', 'x.yaml', '--print', 'riche'], 'stands alone'],
    [['apply'], 'give the file'],
  ])('says why not: %j', async (args, reason) => {
    const { code, err } = await runTrousseau(args, env());
    expect([code, err]).toEqual([1, expect.stringContaining(reason)]);
  });
});
