import { afterAll, describe, expect, it } from 'vitest';
import {
  createAppPassword,
  revokeAppPassword,
} from '../../src/domain/app-passwords/app-password.ts';
import type { NewMember } from '../../src/domain/memberships/member-change.ts';
import { setMemberStatus } from '../../src/domain/memberships/set-member-status.ts';
import { setPassword } from '../../src/domain/memberships/set-password.ts';
import { saveOperatorReaders } from '../../src/domain/operators/save-operator-readers.ts';
import { hashPassword } from '../../src/domain/people/password.ts';
import { decideAccess } from '../support/belongings.ts';
import { buildMember, buildService, PASSWORD } from '../support/factories.ts';
import {
  boundReader,
  buildLieu,
  buildReader,
  ldapTo,
  READER_PASSWORD,
  useLieu,
} from './support/directory.ts';
import { dnsOf, type LdapClient } from './support/ldap-client.ts';

const { hub, lieu } = useLieu();
const open: LdapClient[] = [];

afterAll(async () => {
  for (const client of open) client.close();
});

async function client(of = hub): Promise<LdapClient> {
  const fresh = await ldapTo(of);
  open.push(fresh);
  return fresh;
}
const bindCode = async (name: string, password: string, of = hub) =>
  (await (await client(of)).bind(name, password)).code;
const whoAmI = async (from: LdapClient) =>
  (await from.extended('1.3.6.1.4.1.4203.1.11.3')).responseValue?.toString();

/** A member whom no other test throttles. */
async function member(values: Partial<NewMember> = {}) {
  const built = await buildMember(hub.database, lieu.community.id, values);
  await hub.app.settle();
  return { ...built, dn: lieu.dnOf(built) };
}
const appPassword = async (subject: string, serviceId = lieu.cloud.id) => {
  const made = await hub.database.transaction((tx) =>
    createAppPassword(tx, lieu.community.id, { subject, serviceId, name: 'phone' }, 'cli'),
  );
  await hub.app.settle();
  return made;
};

describe('who may bind', () => {
  it('a service’s reader, whom whoami names (row 27)', async () => {
    const reader = await boundReader(hub, lieu);
    expect(await whoAmI(reader)).toBe('dn:cn=cloud,ou=services,o=lamyne');
    reader.close();
  });

  it('a person with their own password where the community allows it', async () => {
    const from = await client();
    expect((await from.bind(lieu.dnOf(lieu.alice), PASSWORD)).code).toBe(0);
    expect(await whoAmI(from)).toBe('dn:uid=alice,ou=people,o=lamyne');
  });

  it('a person sees themselves and nobody else', async () => {
    await lieu.group('bureau', [lieu.alice, lieu.bob]);
    const from = await client();
    await from.bind(lieu.dnOf(lieu.alice), PASSWORD);
    const answer = await from.search(lieu.base, '(|(uid=*)(objectClass=groupOfNames))');
    expect(dnsOf(answer)).toEqual(['cn=bureau,ou=groups,o=lamyne', 'uid=alice,ou=people,o=lamyne']);
    const group = answer.entries.find(({ dn }) => dn.startsWith('cn='));
    expect(group?.attributes.get('member')).toEqual(['uid=alice,ou=people,o=lamyne']);
    const other = await from.search(lieu.dnOf(lieu.bob), '(objectClass=*)', { scope: 'base' });
    expect(other.code).toBe(32);
  });

  it('nobody with their own password where the community does not', async () => {
    const strict = await buildLieu(hub, { slug: 'stricte', ldapPasswordBind: false });
    expect(await bindCode(strict.dnOf(strict.alice), PASSWORD)).toBe(49);
  });

  it('an operators’ reader sees a community whole, where that is open to operators', async () => {
    const annuaire = { name: 'annuaire', hash: await hashPassword(READER_PASSWORD) };
    await hub.database.transaction((tx) => saveOperatorReaders(tx, [annuaire], 'cli'));
    await buildLieu(hub, { slug: 'ouverte', ldapOpenToOperators: true });
    const from = await client();
    expect((await from.bind('cn=Annuaire,cn=operators', READER_PASSWORD)).code).toBe(0);
    expect(await whoAmI(from)).toBe('dn:cn=annuaire,cn=operators');
    expect(dnsOf(await from.search('o=ouverte', '(uid=*)'))).toEqual([
      'uid=alice,ou=people,o=ouverte',
      'uid=bob,ou=people,o=ouverte',
    ]);
    expect((await from.search('o=lamyne', '(uid=*)')).code).toBe(50);
    await hub.database.query('UPDATE operator_readers SET password_hash = $1', [
      await hashPassword('the next secret of the reader'),
    ]);
    await hub.app.settle();
    expect((await from.search('o=ouverte', '(uid=*)')).code).toBe(50);
    expect(await bindCode('cn=annuaire,cn=operators', READER_PASSWORD)).toBe(49);
  });

  it('nobody through a service that does not let them in, even with their own password', async () => {
    const prive = await buildService(hub, lieu.community, { slug: 'prive', access: 'approval' });
    await buildReader(hub.database, lieu.community.id, prive.id);
    const target = await member();
    const through = `uid=${target.username},cn=prive,ou=services,o=lamyne`;
    expect(await bindCode(through, PASSWORD)).toBe(49);
    const place = { serviceId: prive.id, subject: target.subject };
    await decideAccess(hub.database, lieu.community.id, place);
    await hub.app.settle();
    expect(await bindCode(through, PASSWORD)).toBe(0);
    await hub.database.query("UPDATE accounts SET state = 'blocked' WHERE subject = $1", [
      target.subject,
    ]);
    await hub.app.settle();
    // What was just proven is looked at again.
    expect(await bindCode(through, PASSWORD)).toBe(49);
    expect(await bindCode(target.dn, PASSWORD)).toBe(0);
  });

  it('whoami is empty for anonymous (row 27)', async () => {
    const from = await client();
    expect(await whoAmI(from)).toBe('');
    expect((await from.bind('', '')).code).toBe(0);
    expect(await whoAmI(from)).toBe('');
  });
});

describe('refusals', () => {
  it('a name with an empty password is unwillingToPerform (row 21)', async () => {
    expect(await bindCode(lieu.dnOf(lieu.alice), '')).toBe(53);
  });

  it('unknown SASL is authMethodNotSupported, LDAP v2 a protocol error (row 30)', async () => {
    const from = await client();
    const sasl = await from.request({
      kind: 'bind',
      version: 3,
      name: '',
      auth: { sasl: 'PLAIN' },
    });
    expect([sasl.code, sasl.tag]).toEqual([7, 0x61]);
    const v2 = await from.request({
      kind: 'bind',
      version: 2,
      name: '',
      auth: { simple: Buffer.of() },
    });
    expect(v2.code).toBe(2);
  });

  it('a failed rebind leaves the connection anonymous (row 22)', async () => {
    const from = await boundReader(hub, lieu);
    expect((await from.bind(lieu.cloud.readerDn, 'wrong')).code).toBe(49);
    expect(await whoAmI(from)).toBe('');
    expect((await from.search(lieu.base, '(uid=*)')).code).toBe(50);
    from.close();
  });

  it('operations sent behind a bind wait for it (row 22)', async () => {
    const from = await client();
    const [bound, found] = await Promise.all([
      from.bind(lieu.cloud.readerDn, READER_PASSWORD),
      from.search(lieu.base, '(uid=alice)'),
    ]);
    expect([bound.code, found.code, found.entries.length]).toEqual([0, 0, 1]);
  });

  it('unknown, disabled, throttled and malformed all get the same words (row 23)', async () => {
    const suspended = await member();
    await hub.database.transaction((tx) =>
      setMemberStatus(tx, lieu.community.id, suspended.subject, 'suspend', 'cli'),
    );
    const throttled = await member();
    for (let n = 0; n < 11; n += 1) await bindCode(throttled.dn, `wrong ${n}`);
    const answers = new Set<string>();
    for (const name of [
      lieu.dnOf(lieu.bob),
      'uid=nobody,ou=people,o=lamyne',
      'uid=alice,ou=people,o=nowhere',
      'cn=nothing,ou=services,o=lamyne',
      'cn=nobody,cn=operators',
      'not a name',
      suspended.dn,
      throttled.dn,
    ]) {
      const { code, message, matchedDn } = await (await client()).bind(name, 'wrong password');
      answers.add(JSON.stringify([code, message, matchedDn]));
    }
    expect([...answers]).toEqual([JSON.stringify([49, 'the name or the password is wrong', ''])]);
    expect(await bindCode(suspended.dn, PASSWORD)).toBe(49);
    expect(await bindCode(throttled.dn, PASSWORD)).toBe(49);
  });

  it('take as long whatever the reason: a hash is made, or its time is waited for (row 23)', async () => {
    // A community of its own: its address has not used up what one address may try.
    const own = await buildLieu(hub, { slug: 'rythme' });
    const names = {
      wrong: own.dnOf(own.alice),
      unknown: `uid=nobody,ou=people,${own.base}`,
      malformed: 'not a name',
      throttled: own.dnOf(own.bob),
    };
    for (let n = 0; n < 11; n += 1) await bindCode(names.throttled, `wrong ${n}`);
    for (const name of Object.values(names)) {
      for (let n = 0; n < 3; n += 1) {
        const from = await client();
        const started = performance.now();
        expect((await from.bind(name, `wrong ${n} ${name}`)).code).toBe(49);
        // A step of the pace, at the least: what no hash was made for would be there at once.
        expect(performance.now() - started).toBeGreaterThanOrEqual(48);
      }
    }
  });

  it('the audit trail tells of them', async () => {
    const target = await member();
    await bindCode(target.dn, 'wrong');
    const events = await hub.database.query(
      "SELECT type, actor, details FROM events WHERE subject = $1 AND actor <> 'cli'",
      [target.subject],
    );
    expect(events).toEqual([
      { type: 'sign-in.failed', actor: 'anonymous', details: { via: 'ldap' } },
    ]);
  });
});

describe('throttles (row 24)', () => {
  it('one account’s limits are counted over LDAP and the web together, on every process', async () => {
    const target = await member();
    const { createSignInThrottle } = await import(
      '../../src/platform/throttles/sign-in-throttle.ts'
    );
    const throttle = createSignInThrottle(hub.database.pool, hub.sealer);
    const attempt = {
      communityId: lieu.community.id,
      name: target.username,
      account: target.subject,
      ip: '127.0.0.1',
    };
    for (let n = 0; n < 10; n += 1) await throttle.attempt(attempt);
    const twin = await hub.sibling();
    expect(await bindCode(target.dn, PASSWORD, twin)).toBe(49);
    await twin.stop();
  });

  it('what LDAP counts for a name tells the web nothing of whether somebody has it', async () => {
    const own = await buildLieu(hub, { slug: 'muette' });
    await hub.database.query("UPDATE memberships SET status = 'suspended' WHERE subject = $1", [
      own.bob.subject,
    ]);
    await hub.app.settle();
    const { createSignInThrottle } = await import(
      '../../src/platform/throttles/sign-in-throttle.ts'
    );
    const throttle = createSignInThrottle(hub.database.pool, hub.sealer);
    const { id: communityId } = own.community;
    const accounts = { alice: own.alice.subject, bob: own.bob.subject, nobody: 'nobody' };
    for (const [name, account] of Object.entries(accounts)) {
      for (let n = 0; n < 10; n += 1) {
        expect(await bindCode(`uid=${name},ou=people,${own.base}`, `wrong ${n}`)).toBe(49);
      }
      const web = await throttle.attempt({ communityId, name, account, ip: '127.0.0.1' });
      expect([name, web.allowed]).toEqual([name, false]);
    }
  });

  it('strangers’ guesses keep no reader out where it proved its secret before', async () => {
    const own = await buildLieu(hub, { slug: 'tenace' });
    expect(await bindCode(own.cloud.readerDn, READER_PASSWORD)).toBe(0);
    const { createSignInThrottle } = await import(
      '../../src/platform/throttles/sign-in-throttle.ts'
    );
    const throttle = createSignInThrottle(hub.database.pool, hub.sealer);
    const { id: communityId } = own.community;
    for (let n = 0; n < 60; n += 1) {
      const ip = `203.0.113.${n}`;
      await throttle.attempt({
        communityId,
        name: own.cloud.readerDn,
        account: own.cloud.readerDn,
        ip,
      });
    }
    for (let n = 0; n < 5; n += 1) {
      // A wrong one makes the next be proven again.
      expect(await bindCode(own.cloud.readerDn, `wrong ${n}`)).toBe(49);
      expect(await bindCode(own.cloud.readerDn, READER_PASSWORD)).toBe(0);
    }
  });

  it('one wrong password that comes as two binds is one failure', async () => {
    const target = await member();
    for (let n = 0; n < 9; n += 1) {
      await bindCode(target.dn, `wrong ${n}`);
      await bindCode(target.dn, `wrong ${n}`);
    }
    expect(await bindCode(target.dn, PASSWORD)).toBe(0);
  });

  it('an app that opens many connections at once is one attempt', async () => {
    const clients = await Promise.all(Array.from({ length: 32 }, () => client()));
    const own = await buildLieu(hub, { slug: 'presse' });
    const answers = await Promise.all(
      clients.map((each) => each.bind(own.cloud.readerDn, READER_PASSWORD)),
    );
    expect(answers.map(({ code }) => code)).toEqual(Array(32).fill(0));
  });

  it('a proof that is remembered lets nobody guess past the limit (row 25)', async () => {
    const target = await member();
    expect(await bindCode(target.dn, PASSWORD)).toBe(0);
    for (let n = 0; n < 11; n += 1) expect(await bindCode(target.dn, `guess ${n}`)).toBe(49);
    expect(await bindCode(target.dn, PASSWORD)).toBe(49);
  });
});

describe('app passwords (row 26)', () => {
  it('bind their owner, however they are typed', async () => {
    const target = await member();
    const { secret } = await appPassword(target.subject);
    expect(await bindCode(target.dn, secret)).toBe(0);
    expect(await bindCode(target.dn, secret.toUpperCase().replaceAll('-', ' '))).toBe(0);
    expect(await bindCode(lieu.dnOf(lieu.bob), secret)).toBe(49);
  });

  it('say when they were used', async () => {
    const target = await member();
    const { id, secret } = await appPassword(target.subject);
    await bindCode(target.dn, secret);
    const [row] = await hub.database.query('SELECT last_used_at FROM app_passwords WHERE id = $1', [
      id,
    ]);
    expect(row.last_used_at).toBeInstanceOf(Date);
  });

  it('are of one service: good through its name and behind its reader, not through another’s', async () => {
    const wiki = await buildService(hub, lieu.community, { slug: 'wiki' });
    await buildReader(hub.database, lieu.community.id, wiki.id);
    const target = await member();
    const { secret } = await appPassword(target.subject, wiki.id);
    const uid = `uid=${target.username}`;
    expect(await bindCode(`${uid},cn=wiki,ou=services,o=lamyne`, secret)).toBe(0);
    expect(await bindCode(`${uid},cn=cloud,ou=services,o=lamyne`, secret)).toBe(49);
    const from = await boundReader(hub, lieu);
    expect((await from.bind(target.dn, secret)).code).toBe(49);
    const other = await client();
    await other.bind('cn=wiki,ou=services,o=lamyne', READER_PASSWORD);
    expect((await other.bind(target.dn, secret)).code).toBe(0);
    from.close();
  });

  it('end with access to the service, with their revocation, and with the membership', async () => {
    const target = await member();
    const { id, secret } = await appPassword(target.subject);
    const bound = await client();
    expect((await bound.bind(target.dn, secret)).code).toBe(0);
    const place = { serviceId: lieu.cloud.id, subject: target.subject };
    await decideAccess(hub.database, lieu.community.id, place, 'blocked');
    await hub.app.settle();
    expect((await bound.search(target.dn, '(uid=*)')).code).toBe(50);
    expect(await bindCode(target.dn, secret)).toBe(49);
    await hub.database.query('DELETE FROM accounts WHERE subject = $1', [target.subject]);
    await hub.app.settle();
    expect(await bindCode(target.dn, secret)).toBe(0);
    await hub.database.transaction((tx) =>
      revokeAppPassword(tx, lieu.community.id, { subject: target.subject, id }, 'cli'),
    );
    await hub.app.settle();
    expect(await bindCode(target.dn, secret)).toBe(49);
  });
});

describe('taking away is immediate (row 25, invariant 4)', () => {
  it('an old password that was just proven no longer binds, on any process, nor serves a bound connection', async () => {
    const target = await member();
    const twin = await hub.sibling();
    const bound = await client(twin);
    expect((await bound.bind(target.dn, PASSWORD)).code).toBe(0);
    expect(await bindCode(target.dn, PASSWORD)).toBe(0);
    const hash = await hashPassword('quite another passphrase');
    await hub.database.transaction((tx) =>
      setPassword(tx, lieu.community.id, target.subject, hash, 'cli'),
    );
    await Promise.all([hub.app.settle(), twin.app.settle()]);
    expect(await bindCode(target.dn, PASSWORD)).toBe(49);
    expect(await bindCode(target.dn, PASSWORD, twin)).toBe(49);
    expect((await bound.search(target.dn, '(uid=*)')).code).toBe(50);
    expect(await bindCode(target.dn, 'quite another passphrase', twin)).toBe(0);
    bound.close();
    await twin.stop();
  });

  it('suspension ends binds, bound connections, and what readers see', async () => {
    const target = await member();
    const reader = await boundReader(hub, lieu);
    const bound = await client();
    await bound.bind(target.dn, PASSWORD);
    await hub.database.transaction((tx) =>
      setMemberStatus(tx, lieu.community.id, target.subject, 'suspend', 'cli'),
    );
    await hub.app.settle();
    expect((await bound.search(target.dn, '(uid=*)')).code).toBe(50);
    expect(await bindCode(target.dn, PASSWORD)).toBe(49);
    const answer = await reader.search(target.dn, '(objectClass=*)', { scope: 'base' });
    expect([answer.code, answer.matchedDn]).toEqual([32, 'ou=people,o=lamyne']);
    reader.close();
  });

  it('a community that no longer takes people’s own passwords ends what they opened', async () => {
    const own = await buildLieu(hub, { slug: 'prudente' });
    const bound = await client();
    expect((await bound.bind(own.dnOf(own.alice), PASSWORD)).code).toBe(0);
    await hub.database.query('UPDATE communities SET ldap_password_bind = false WHERE id = $1', [
      own.community.id,
    ]);
    await hub.app.settle();
    expect((await bound.search(own.base, '(uid=*)')).code).toBe(50);
    expect(await bindCode(own.dnOf(own.alice), PASSWORD)).toBe(49);
  });

  it('a reader’s new secret ends the old one, and the connections that it opened', async () => {
    const own = await buildLieu(hub, { slug: 'lecteurs' });
    const reader = await boundReader(hub, own);
    await hub.database.query(
      'UPDATE service_readers SET password_hash = $2 WHERE service_id = $1',
      [own.cloud.id, await hashPassword('a new secret of the reader')],
    );
    await hub.app.settle();
    expect((await reader.search(own.base, '(uid=*)')).code).toBe(50);
    expect(await bindCode(own.cloud.readerDn, READER_PASSWORD)).toBe(49);
    reader.close();
  });

  it('a frozen community answers unavailable, never an empty directory (row 16)', async () => {
    const own = await buildLieu(hub, { slug: 'gelee' });
    const reader = await boundReader(hub, own);
    await hub.database.query("UPDATE communities SET state = 'frozen' WHERE id = $1", [
      own.community.id,
    ]);
    await hub.app.settle();
    expect((await reader.search(own.base, '(uid=*)')).code).toBe(52);
    expect(await bindCode(own.cloud.readerDn, READER_PASSWORD)).toBe(52);
    reader.close();
  });
});
