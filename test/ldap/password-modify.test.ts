import { expect, it } from 'vitest';
import { hashPassword } from '../../src/domain/people/password.ts';
import { factories } from '../support/domain.ts';
import { buildMember, PASSWORD } from '../support/factories.ts';
import { boundReader, buildLieu, ldapTo, useLieu } from './support/directory.ts';
import { element } from './support/encode-request.ts';

const OID = '1.3.6.1.4.1.4203.1.11.1';
const NEW = 'une autre phrase de passe';

const { hub, lieu } = useLieu();

function value(parts: { user?: string; old?: string; new?: string }): Buffer {
  const fields = [
    [0x80, parts.user],
    [0x81, parts.old],
    [0x82, parts.new],
  ] as const;
  return element(
    0x30,
    ...fields.flatMap(([tag, text]) => (text === undefined ? [] : [element(tag, text)])),
  );
}

async function bound() {
  const member = await buildMember(hub.database, lieu.community.id);
  await hub.app.settle();
  const client = await ldapTo(hub);
  const dn = lieu.dnOf(member);
  expect((await client.bind(dn, PASSWORD)).code).toBe(0);
  const canBind = async (password: string) => {
    const other = await ldapTo(hub);
    const { code } = await other.bind(dn, password);
    other.close();
    return code === 0;
  };
  return { client, dn, member, canBind };
}

it('a person changes their password, and their sessions end as on the web (row 29)', async () => {
  const { client, dn, member, canBind } = await bound();
  await factories(hub.database).buildSession(lieu.community.id, member.subject);
  const answer = await client.extended(OID, value({ user: dn, old: PASSWORD, new: NEW }));
  expect([answer.code, answer.responseValue]).toEqual([0, undefined]);
  expect([await canBind(PASSWORD), await canBind(NEW)]).toEqual([false, true]);
  const sessions = await hub.database.query('SELECT 1 FROM sessions WHERE subject = $1', [
    member.subject,
  ]);
  expect(sessions).toEqual([]);
  const mails = await hub.database.query(
    `SELECT payload ->> 'to' AS to FROM outbox WHERE payload ->> 'template' = 'password-changed'`,
  );
  expect(mails).toEqual([{ to: member.email }]);
  const [event] = await hub.database.query(
    "SELECT actor FROM events WHERE subject = $1 AND type = 'member.password-changed'",
    [member.subject],
  );
  expect(event.actor).toBe(`member:${member.subject}`);
  expect((await client.search(dn, '(uid=*)')).code).toBe(50);
  client.close();
});

it('one is generated when none is given, and told once (row 29)', async () => {
  const { client, canBind } = await bound();
  const answer = await client.extended(OID, value({ old: PASSWORD }));
  expect(answer.code).toBe(0);
  const generated = answer.responseValue?.subarray(4).toString() ?? '';
  expect(generated).toMatch(/^[a-z0-9-]{20,}$/);
  await hub.app.settle();
  expect([await canBind(PASSWORD), await canBind(generated)]).toEqual([false, true]);
  client.close();
});

it.each([
  ['a wrong old password', { old: 'wrong', new: NEW }, 53],
  ['no old password', { new: NEW }, 53],
  ['a new password below the web’s rule', { old: PASSWORD, new: 'short' }, 19],
  ['a new password that is too long', { old: PASSWORD, new: 'x'.repeat(2000) }, 19],
  ['somebody else’s name', { user: 'uid=bob,ou=people,o=lamyne', old: PASSWORD, new: NEW }, 50],
] as const)('%s changes nothing (row 29)', async (_, parts, code) => {
  const { client, canBind } = await bound();
  expect((await client.extended(OID, value(parts))).code).toBe(code);
  await hub.app.settle();
  expect(await canBind(PASSWORD)).toBe(true);
  client.close();
});

it('neither a reader nor anonymous changes anybody’s password (row 29)', async () => {
  const reader = await boundReader(hub, lieu);
  const request = value({ user: lieu.dnOf(lieu.alice), old: PASSWORD, new: NEW });
  expect((await reader.extended(OID, request)).code).toBe(50);
  await reader.bind('', '');
  expect((await reader.extended(OID, request)).code).toBe(50);
  reader.close();
});

it('wrong old passwords count as wrong sign-ins (row 24)', async () => {
  const { client, dn, canBind } = await bound();
  for (let n = 0; n < 10; n += 1) {
    await client.extended(OID, value({ user: dn, old: `wrong ${n}`, new: NEW }));
  }
  const last = await client.extended(OID, value({ user: dn, old: PASSWORD, new: NEW }));
  expect(last.code).toBe(53);
  expect(await canBind(NEW)).toBe(false);
  client.close();
});

it('a frozen community takes no new password, and says so', async () => {
  const own = await buildLieu(hub, { slug: 'gelee' });
  const client = await ldapTo(hub);
  expect((await client.bind(own.dnOf(own.alice), PASSWORD)).code).toBe(0);
  await hub.database.query("UPDATE communities SET state = 'frozen' WHERE id = $1", [
    own.community.id,
  ]);
  await hub.app.settle();
  const hashes = () =>
    hub.database.query('SELECT password_hash FROM persons WHERE id = $1', [own.alice.personId]);
  const before = await hashes();
  expect((await client.extended(OID, value({ old: PASSWORD, new: NEW }))).code).toBe(52);
  expect((await client.extended('1.3.6.1.4.1.4203.1.11.3')).code).toBe(52);
  expect(await hashes()).toEqual(before);
  client.close();
});

it('a reset that comes between the proof and the change wins', async () => {
  const { client, member, canBind } = await bound();
  const reset = await hashPassword('what the administrator chose');
  // The row is held from before the proof until after the reset: the change finds another hash.
  const answer = await hub.database
    .transaction(async (tx) => {
      await tx.query('SELECT 1 FROM memberships WHERE subject = $1 FOR UPDATE', [member.subject]);
      const asked = client.extended(OID, value({ old: PASSWORD, new: NEW }));
      await expect
        .poll(
          async () =>
            (
              await hub.database.query(
                "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
              )
            ).length,
          { timeout: 10_000 },
        )
        .toBeGreaterThan(0);
      await tx.query(
        'UPDATE persons SET password_hash = $2, password_changed_at = now() WHERE id = $1',
        [member.personId, reset],
      );
      return asked.then.bind(asked);
    })
    .then((then) => new Promise<{ code: number }>((resolve) => then(resolve)));
  expect(answer.code).toBe(53);
  await hub.app.settle();
  expect([await canBind(NEW), await canBind('what the administrator chose')]).toEqual([
    false,
    true,
  ]);
  client.close();
});

it('a value that is not one is a protocol error of the operation', async () => {
  const { client } = await bound();
  expect((await client.extended(OID, Buffer.from('nonsense'))).code).toBe(2);
  expect((await client.extended('1.3.6.1.4.1.4203.1.11.3', Buffer.from('x'))).code).toBe(2);
  client.close();
});

it('a new password that is not UTF-8 is refused in words, and the old one stays', async () => {
  const { client, dn, canBind } = await bound();
  const latin1 = Buffer.from('une tr\xe8s longue phrase de passe', 'latin1');
  const request = element(0x30, element(0x80, dn), element(0x81, PASSWORD), element(0x82, latin1));
  const answer = await client.extended(OID, request);
  expect([answer.code, answer.message]).toEqual([19, 'the new password is not text in UTF-8']);
  expect(await canBind(PASSWORD)).toBe(true);
  // A name in another encoding is nobody's.
  const bind = await (await ldapTo(hub)).bind(`uid=zo\ufffd,ou=people,o=lamyne`, PASSWORD);
  expect(bind.code).toBe(49);
});
