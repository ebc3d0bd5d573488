import { beforeAll, expect, it } from 'vitest';
import { createAppPassword } from '../src/domain/app-passwords/app-password.ts';
import { enterGroup } from '../src/domain/groups/enter-group.ts';
import { saveGroups } from '../src/domain/groups/save-groups.ts';
import { saveMembers } from '../src/domain/memberships/save-members.ts';
import { makeRecoveryCodes } from '../src/domain/second-factors/recovery-codes.ts';
import { collectMembership } from '../src/transfer/personal-export/collect-export.ts';
import { buildElsewhere, givePasskey, giveTotp } from './support/belongings.ts';
import { Browser } from './support/browser.ts';
import { type BuiltMember, PASSWORD } from './support/factories.ts';
import { RelyingParty } from './support/relying-party.ts';
import { useHub } from './support/use-hub.ts';

const hub = useHub({ env: { TROUSSEAU_ROLES: 'web' }, neighbour: {}, member: { role: 'admin' } });
let neighbour: BuiltMember;
let browser: Browser;
let secrets: string[];

beforeAll(async () => {
  neighbour = await hub.newMember();
  const other = { username: 'ailleurs', displayName: 'Sous un autre nom' };
  await buildElsewhere(hub.database, hub.neighbour.id, hub.member, other);
  const service = await hub.newService();
  const app = new RelyingParty(hub.url, hub.community, service);
  browser = new Browser({ stopAt: (url) => url.hostname.endsWith('.example') });
  const tokens = await app.tokens(await app.signIn(browser, hub.member.username));
  await app.userinfo(tokens.access_token);
  const { secret } = await hub.database.transaction((tx) =>
    createAppPassword(
      tx,
      hub.community.id,
      { subject: hub.member.subject, serviceId: service.id, name: 'téléphone' },
      'cli',
    ),
  );
  const codes = await hub.database.transaction((tx) => makeRecoveryCodes(tx, hub.member.personId));
  secrets = [secret, ...codes, tokens.access_token, tokens.refresh_token ?? 'none', PASSWORD];
  await givePasskey(hub.database, hub.member, {
    rpId: 'hub.example',
    credentialId: Buffer.from('deadbeef01', 'hex'),
    publicKey: Buffer.from('cafebabe02', 'hex'),
    name: 'Mon téléphone',
  });
  // More than one page of them, which nobody signs in often enough to make.
  await hub.database.query(
    `INSERT INTO events (community_id, type, actor, subject, details)
     SELECT $1, 'member.signed-in', 'member:' || $2, $2::uuid, jsonb_build_object('n', n) FROM generate_series(1, 2300) n`,
    [hub.community.id, hub.member.subject],
  );
  await signInAgain();
});

const at = (path: string) => `${hub.issuer}${path}`;

/** With a passkey in the account, only a sign-in with it is recent enough. */
async function signInAgain(): Promise<void> {
  await hub.database.query(
    `UPDATE sessions SET payload = payload || '{"acr": "https://refeds.org/profile/mfa"}' WHERE subject = $1`,
    [hub.member.subject],
  );
  await hub.app.settle();
}

async function download(): Promise<{ text: string; headers: Headers }> {
  const page = await browser.open(at('/account/export'));
  const answer = await browser.submit(page, '#export-form');
  expect(answer.status).toBe(200);
  return answer;
}

it('is one JSON document with everything of the person, in all their communities', async () => {
  const { text, headers } = await download();
  expect(headers.get('content-disposition')).toMatch(/^attachment; filename="[\w.-]+\.json"$/);
  expect(headers.get('cache-control')).toBe('no-store');
  const all = JSON.parse(text);
  expect(all.person).toMatchObject({
    emails: [{ address: hub.member.email }],
    passkeys: [{ name: 'Mon téléphone', host: 'hub.example' }],
    recoveryCodesLeft: 10,
  });
  expect(all.memberships).toHaveLength(2);
  const here = all.memberships.find(
    (each: { subject: string }) => each.subject === hub.member.subject,
  );
  expect(here).toMatchObject({
    profile: { username: hub.member.username, role: 'admin' },
    appPasswords: [{ name: 'téléphone' }],
    services: [{ received: { claims: { email: hub.member.email } } }],
  });
  const signIns = here.timeline.filter(
    (event: { type: string }) => event.type === 'member.signed-in',
  );
  expect(signIns.length).toBeGreaterThanOrEqual(2300);
  expect(
    new Set(signIns.map((event: { details: { n: number } }) => event.details.n)).size,
  ).toBeGreaterThanOrEqual(2300);
});

it('holds no secret, no hash, nor any key of the database', async () => {
  const { text } = await download();
  for (const secret of secrets) expect(text).not.toContain(secret);
  const [row] = await hub.database.query<{ hash: string }>(
    'SELECT password_hash AS hash FROM persons WHERE id = $1',
    [hub.member.personId],
  );
  for (const kept of [row?.hash as string, 'deadbeef01', 'cafebabe02', '3q2+7w', '$argon2'])
    expect(text).not.toContain(kept);
  expect(text).not.toMatch(/id_hash|sealed|secret_hash|token/i);
});

it('holds no value of any column that keeps a secret, a hash or a key', async () => {
  await giveTotp(hub, hub.member);
  const { text } = await download();
  const columns = await hub.database.query<{ table: string; column: string; owner: string }>(
    `SELECT c.table_name AS table, c.column_name AS column, o.column_name AS owner
     FROM information_schema.columns c JOIN information_schema.columns o USING (table_schema, table_name)
     WHERE c.table_schema = 'public' AND c.table_name <> 'member_pictures'
       AND (c.table_name, o.column_name) <> ('memberships', 'subject')
       AND o.column_name IN (CASE c.table_name WHEN 'persons' THEN 'id' ELSE 'person_id' END, 'subject')
       AND (c.data_type = 'bytea' OR c.column_name ~ 'hash|secret|sealed|token|public_key|uid$')`,
  );
  const compared = new Set<string>();
  for (const { table, column, owner } of columns) {
    const rows = await hub.database.query<{ value: Buffer | string }>(
      `SELECT "${column}" AS value FROM "${table}" WHERE "${owner}" = $1 AND "${column}" IS NOT NULL`,
      [owner === 'subject' ? hub.member.subject : hub.member.personId],
    );
    for (const { value } of rows) {
      compared.add(`${table}.${column}`);
      const forms = Buffer.isBuffer(value)
        ? (['hex', 'base64', 'base64url'] as const).map((encoding) => value.toString(encoding))
        : [value];
      for (const form of forms)
        expect([table, column, text.includes(form)]).toEqual([table, column, false]);
    }
  }
  // What the account of this test has, so that nothing is compared with nothing.
  expect([...compared]).toEqual(
    expect.arrayContaining([
      'app_passwords.secret_hash',
      'oidc_artifacts.id_hash',
      'passkeys.credential_id',
      'passkeys.public_key',
      'persons.password_hash',
      'recovery_codes.code_hash',
      'sessions.id_hash',
      'totp_secrets.sealed_secret',
    ]),
  );
});

it('holds nothing of anybody else', async () => {
  const { text } = await download();
  for (const theirs of [neighbour.subject, neighbour.username, neighbour.email])
    expect(text).not.toContain(theirs);
});

it('is for whoever has signed in lately, asked by a form of ours, and is on the timeline', async () => {
  const before = await browser.send(at('/account/export'), { method: 'POST' });
  expect(before.status).toBe(415);
  const page = await browser.open(at('/account/export'));
  expect((await browser.submit(page, '#export-form', { csrf: 'x' })).status).toBe(403);
  const [event] = await hub.database.query(
    `SELECT count(*)::int AS count FROM events WHERE subject = $1 AND type = 'export.made'`,
    [hub.member.subject],
  );
  expect(event.count).toBeGreaterThan(0);
  const stranger = new Browser();
  expect((await stranger.open(at('/account/export/summary'))).url).toContain('/login?');
});

it("tells a stranger's attempts from the person's own doing, and times in UTC", async () => {
  const stranger = new Browser();
  const page = await stranger.open(at('/login'));
  await stranger.submit(page, '#login-form', { username: hub.member.username, password: 'wrong' });
  const { format, version, memberships, person } = JSON.parse((await download()).text);
  expect({ format, version }).toEqual({ format: 'trousseau-person', version: 1 });
  const here = memberships.find((each: { subject: string }) => each.subject === hub.member.subject);
  const by = (type: string) =>
    here.timeline.find((event: { type: string }) => event.type === type)?.by;
  expect([by('sign-in.failed'), by('export.made')]).toEqual(['somebody', 'yourself']);
  const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
  for (const time of [here.since, here.timeline[0].at, person.since, person.emails[0].addedAt])
    expect(time).toMatch(instant);
});

it('covers each table that knows of a member or a person', async () => {
  const tables = await hub.database.query<{ name: string }>(
    `SELECT DISTINCT c.table_name AS name FROM information_schema.columns c
       JOIN information_schema.tables t USING (table_schema, table_name)
     WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.column_name IN ('subject', 'person_id')
     ORDER BY 1`,
  );
  const exported = [
    'accounts',
    'app_passwords',
    'assisted_recoveries',
    'consents',
    'disclosures',
    'events',
    'group_managers',
    'group_members',
    'group_requests',
    'member_pictures',
    'memberships',
    'passkeys',
    'person_emails',
    'recovery_codes',
    'registration_answers',
    'sessions',
    'totp_secrets',
  ];
  const leftOut = [
    // Secrets, and what the timeline tells in words.
    'end_notices',
    'invitation_uses',
    'links',
    'oidc_artifacts',
    'pending_sign_ins',
    // Running the hub is not a member's matter.
    'operators',
  ];
  expect(tables.map(({ name }) => name)).toEqual([...exported, ...leftOut].sort());
});

it('tells what ends, what they look after, and what they ask for', async () => {
  const member = await hub.newMember();
  const until = new Date(Date.now() + 86_400_000);
  const { id: communityId } = hub.community;
  await hub.database.transaction(async (tx) => {
    const both = ['jardin', 'bureau'].map((name) => ({ name, joining: 'request' as const }));
    const groups = await saveGroups(tx, communityId, both, 'cli');
    const [here, there] = groups.map(({ id }) => id) as [string, string];
    const place = { id: communityId, issuerUrl: undefined };
    const change = { subject: member.subject, until, groups: { add: [{ id: here, until }] } };
    await saveMembers(tx, place, [change], 'cli');
    await saveGroups(tx, communityId, [{ id: here, managers: { add: [member.subject] } }], 'cli');
    await enterGroup(tx, place, { groupId: there, subject: member.subject });
  });
  const own = await collectMembership(hub.database, { communityId, subject: member.subject });
  expect(own).toMatchObject({
    until,
    roleUntil: null,
    groups: ['jardin'],
    groupEnds: [{ group: 'jardin', until }],
    managedGroups: ['jardin'],
    askedGroups: [{ group: 'bureau', requestedAt: expect.any(Date) }],
  });
});

it('can be read as a page, too', async () => {
  const page = await browser.open(at('/account/export/summary'));
  expect(page.status).toBe(200);
  for (const words of [hub.member.email, 'Mon téléphone', 'Sous un autre nom', 'téléphone'])
    expect(page.text).toContain(words);
});
