import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { removeFromGroup } from '../../src/domain/memberships/remove-from-group.ts';
import { renameMember } from '../../src/domain/memberships/rename-member.ts';
import { saveMembers } from '../../src/domain/memberships/save-members.ts';
import { setMemberStatus } from '../../src/domain/memberships/set-member-status.ts';
import { saveServices } from '../../src/domain/services/save-services.ts';
import { addToGroup } from '../support/add-to-group.ts';
import { decideAccess } from '../support/belongings.ts';
import { buildGroup, buildMember, buildService } from '../support/factories.ts';
import type { TestHub } from '../support/hub.ts';
import { nestGroup } from '../support/nest-group.ts';
import { boundReader, buildReader, useLieu } from './support/directory.ts';
import { dnsOf, type LdapClient } from './support/ldap-client.ts';

/** The directory is asked again and again, and nobody tells the processes to look (invariant 4). */
const { hub, lieu } = useLieu();
let twin: TestHub;
let readers: LdapClient[];

beforeAll(async () => {
  twin = await hub.sibling();
  readers = [await boundReader(hub, lieu), await boundReader(twin, lieu)];
});
afterAll(async () => {
  for (const reader of readers ?? []) reader.close();
  await twin?.stop();
});

/** Fails unless every process answers so within a second. */
async function withinASecond(filter: string, expected: string[]): Promise<void> {
  const deadline = performance.now() + 1_000;
  for (const reader of readers) {
    let seen: string[] | undefined;
    do {
      const answer = await reader.search(lieu.base, filter, { attributes: ['1.1'] });
      expect(answer.code).toBe(0);
      seen = dnsOf(answer);
    } while (seen.join() !== expected.join() && performance.now() < deadline);
    expect(seen).toEqual(expected);
  }
}
const tx = <Result>(work: Parameters<typeof hub.database.transaction<Result>>[0]) =>
  hub.database.transaction(work);

it('who joins, changes names, is suspended, resumed or gone counts within a second on every process', async () => {
  await withinASecond('(uid=chloe)', []);
  const chloe = await buildMember(hub.database, lieu.community.id, { username: 'chloe' });
  await withinASecond('(uid=chloe)', [lieu.dnOf(chloe)]);
  await tx((t) => renameMember(t, lieu.community.id, chloe.subject, 'chloe.b', 'cli'));
  await withinASecond('(uid=chloe)', []);
  await withinASecond('(uid=chloe.b)', [`uid=chloe.b,ou=people,${lieu.base}`]);
  await tx((t) => setMemberStatus(t, lieu.community.id, chloe.subject, 'suspend', 'cli'));
  await withinASecond('(uid=chloe.b)', []);
  await tx((t) => setMemberStatus(t, lieu.community.id, chloe.subject, 'resume', 'cli'));
  await withinASecond('(uid=chloe.b)', [`uid=chloe.b,ou=people,${lieu.base}`]);
  await tx((t) => setMemberStatus(t, lieu.community.id, chloe.subject, 'leave', 'cli'));
  await withinASecond('(uid=chloe.b)', []);
});

it('groups that come, change, empty and go count within a second', async () => {
  const { id } = await buildGroup(hub.database, lieu.community.id, 'fablab', [lieu.bob.subject]);
  const dn = `cn=fablab,ou=groups,${lieu.base}`;
  await withinASecond(`(memberOf=${dn})`, [lieu.dnOf(lieu.bob)]);
  await hub.database.query(
    "UPDATE groups SET name = 'atelier', name_key = 'atelier' WHERE id = $1",
    [id],
  );
  await withinASecond(`(memberOf=${dn})`, []);
  await withinASecond('(cn=atelier)', [`cn=atelier,ou=groups,${lieu.base}`]);
  const place = { groupId: id, subject: lieu.bob.subject };
  await tx((t) => removeFromGroup(t, lieu.community.id, place, 'cli'));
  await withinASecond('(cn=atelier)', []);
  const alices = { groupId: id, subject: lieu.alice.subject };
  await tx((t) => addToGroup(t, lieu.community.id, alices, 'cli'));
  await withinASecond('(cn=atelier)', [`cn=atelier,ou=groups,${lieu.base}`]);
  await hub.database.query('DELETE FROM groups WHERE id = $1', [id]);
  await withinASecond('(cn=atelier)', []);
  await withinASecond('(memberOf=*)', []);
});

it('a reader sees whom the service lets in, and follows its rule, accounts and groups', async () => {
  const chat = await buildService(hub, lieu.community, { slug: 'chat', access: 'approval' });
  await buildReader(hub.database, lieu.community.id, chat.id);
  await Promise.all([hub.app.settle(), twin.app.settle()]);
  const before = readers;
  const through = { ...lieu, cloud: { id: chat.id, readerDn: `cn=chat,ou=services,${lieu.base}` } };
  readers = [await boundReader(hub, through), await boundReader(twin, through)];
  await withinASecond('(uid=*)', []);
  const alices = { serviceId: chat.id, subject: lieu.alice.subject };
  await decideAccess(hub.database, lieu.community.id, alices);
  await withinASecond('(uid=*)', [lieu.dnOf(lieu.alice)]);
  await hub.database.query("UPDATE accounts SET state = 'blocked' WHERE service_id = $1", [
    chat.id,
  ]);
  await withinASecond('(uid=*)', []);
  const inner = await buildGroup(hub.database, lieu.community.id, 'salon', [lieu.bob.subject]);
  const outer = await buildGroup(hub.database, lieu.community.id, 'maison');
  const services = { communityId: lieu.community.id, sealer: hub.sealer, hubUrl: hub.url };
  const rule = { slug: 'chat', access: { groups: [outer.id] }, must: 'exist' } as const;
  await tx((t) => saveServices(t, services, [rule], 'cli'));
  await withinASecond('(uid=*)', []);
  const nesting = { parentId: outer.id, childId: inner.id };
  await tx((t) => nestGroup(t, lieu.community.id, nesting, 'cli'));
  await withinASecond('(uid=*)', [lieu.dnOf(lieu.bob)]);
  await hub.database.query("UPDATE services SET access = 'everyone' WHERE id = $1", [chat.id]);
  // Alice's account is blocked still.
  await withinASecond('(uid=*)', [lieu.dnOf(lieu.bob)]);
  await withinASecond('(objectClass=applicationProcess)', [`cn=chat,ou=services,${lieu.base}`]);
  for (const reader of readers) reader.close();
  readers = before;
});

it('an address that is not verified is not shown', async () => {
  const dora = await buildMember(hub.database, lieu.community.id, { username: 'dora' });
  await withinASecond(`(mail=${dora.email})`, [lieu.dnOf(dora)]);
  await hub.database.query('UPDATE person_emails SET verified_at = NULL WHERE person_id = $1', [
    dora.personId,
  ]);
  await withinASecond(`(mail=${dora.email})`, []);
});

it('a thousand changes at once are all taken in', async () => {
  await hub.database.query(
    `UPDATE memberships SET display_name = 'Avant' WHERE community_id = $1`,
    [lieu.community.id],
  );
  const many = Array.from({ length: 300 }, (_, n) => ({ username: `beaucoup${n}` }));
  await hub.database.transaction((tx) =>
    saveMembers(
      tx,
      { id: lieu.community.id, issuerUrl: undefined },
      many.map((member) => ({ ...member, displayName: 'Avant' })),
      'cli',
    ),
  );
  await hub.database.query(
    `UPDATE memberships SET display_name = 'Après' WHERE community_id = $1 AND username LIKE 'beaucoup%'`,
    [lieu.community.id],
  );
  await withinASecond(
    '(cn=après)',
    many.map(({ username }) => `uid=${username},ou=people,${lieu.base}`).sort(),
  );
});

it('what changes while nobody listens is read when somebody does again (row 16)', async () => {
  const emile = await buildMember(hub.database, lieu.community.id, { username: 'emile' });
  await withinASecond('(uid=emile)', [lieu.dnOf(emile)]);
  // The connections that listen end, and the change is announced before they are back.
  await hub.database.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()
       AND application_name LIKE 'trousseau-%'`,
  );
  await hub.database.query("UPDATE memberships SET status = 'suspended' WHERE subject = $1", [
    emile.subject,
  ]);
  await hub.database.query(
    "UPDATE groups SET name = 'perdu', name_key = 'perdu' WHERE name = 'salon'",
  );
  await withinASecond('(uid=emile)', []);
  await withinASecond('(cn=salon)', []);
  await withinASecond('(cn=perdu)', [`cn=perdu,ou=groups,${lieu.base}`]);
});

it('when the database is away, a search is busy or unavailable, never short; then it goes on (row 16)', async () => {
  const { pathname } = new URL(hub.databaseUrl);
  const name = pathname.slice(1);
  const admin = new pg.Client({ connectionString: hub.databaseUrl.replace(pathname, '/postgres') });
  await admin.connect();
  const whole = dnsOf(await (readers[0] as LdapClient).search(lieu.base, '(uid=*)'));
  await admin.query(`ALTER DATABASE "${name}" ALLOW_CONNECTIONS false`);
  await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
    name,
  ]);
  const codes: number[] = [];
  const asked = readers.map(async (reader) => {
    // The first may still be answered from what was true less than a second ago.
    for (let code = 0; code === 0; codes.push(code)) {
      const answer = await reader.search(lieu.base, '(uid=*)', { attributes: ['1.1'] });
      code = answer.code;
      expect(dnsOf(answer)).toEqual(code === 0 ? whole : []);
    }
  });
  await Promise.all(asked);
  expect(codes.filter((code) => code !== 0).every((code) => code === 51 || code === 52)).toBe(true);
  const [reader] = readers as [LdapClient];
  expect((await reader.bind(lieu.cloud.readerDn, 'any password')).code).toBe(52);
  await admin.query(`ALTER DATABASE "${name}" ALLOW_CONNECTIONS true`);
  await admin.end();
  const back = await retry(() => boundReader(hub, lieu));
  expect(dnsOf(await back.search(lieu.base, '(uid=*)'))).toEqual(whole);
  back.close();
}, 30_000);

/** The pool and the feed come back when they have tried again. */
async function retry<Result>(work: () => Promise<Result>): Promise<Result> {
  const deadline = performance.now() + 15_000;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
