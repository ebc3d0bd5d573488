import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectImap, quoted } from './support/imap-client.ts';
import { type Dovecot, startDovecot } from './support/ldap-dovecot.ts';
import { type LdapPlace, SECRETS, startLdapPlace, withinASecond } from './support/ldap-place.ts';
import { runTool } from './support/openldap.ts';

/** Dovecot: people are looked up by a reader, and proved by a bind as themselves. */
let place: LdapPlace;
let dovecot: Dovecot;
beforeAll(async () => {
  place = await startLdapPlace();
  dovecot = await startDovecot(place);
});
afterAll(async () => {
  await dovecot?.stop();
  await place?.stop();
});

const doveadm = (...args: string[]) => runTool('/usr/bin/doveadm', ['-c', dovecot.config, ...args]);
const authTest = async (user: string, password: string) =>
  (await doveadm('auth', 'test', user, password)).out.includes('auth succeeded');

it('doveadm auth test proves a name and an address, and no wrong or empty password', async () => {
  expect(await authTest('alice', SECRETS.alice)).toBe(true);
  expect(await authTest('alice@lamyne.example', SECRETS.alice)).toBe(true);
  expect(await authTest('alice', 'wrong')).toBe(false);
  expect(await authTest('alice', '')).toBe(false);
  expect(await authTest('nobody', SECRETS.alice)).toBe(false);
  expect(await authTest('*', SECRETS.alice)).toBe(false);
});

it('doveadm user looks an account up and lists all of them', async () => {
  const { code, out } = await doveadm('user', 'alice@lamyne.example');
  expect(code).toBe(0);
  const fields = Object.fromEntries(out.split('\n').map((line) => line.split('\t')));
  expect(fields).toMatchObject({
    uid: expect.stringMatching(/^100\d{3}$/),
    gid: expect.stringMatching(/^100\d{3}$/),
    home: join(dovecot.mailFolder, 'alice'),
  });
  expect((await doveadm('user', 'hugo')).code).not.toBe(0);
  const { out: all } = await doveadm('user', '*');
  expect(all.trim().split('\n').sort()).toEqual(['alice', 'bob', 'zoé']);
});

it('signs in over IMAP with an app password, after a wrong one on the same connection (row 22)', async () => {
  const secret = await place.appPassword('bob');
  const imap = await connectImap(dovecot.port);
  try {
    expect((await imap.command('LOGIN bob wrong')).status).toBe('NO');
    expect((await imap.command(`LOGIN bob ${quoted(secret)}`)).status).toBe('OK');
    const { lines } = await imap.command('STATUS INBOX (MESSAGES)');
    expect(lines[0]).toMatch(/^\* STATUS INBOX \(MESSAGES 0\)/);
  } finally {
    imap.close();
  }
  const [{ out }, { uid }] = await Promise.all([
    doveadm('user', '-f', 'uid', 'bob'),
    stat(join(dovecot.mailFolder, 'bob/Maildir')),
  ]);
  expect(uid).toBe(Number(out));
});

it('signs many in at once, over the connections that it keeps', async () => {
  const outcomes = await Promise.all(
    Array.from({ length: 24 }, async (_, index) => {
      const imap = await connectImap(dovecot.port);
      try {
        const password = index % 3 === 0 ? `wrong ${index}` : SECRETS.alice;
        return (await imap.command(`LOGIN alice ${quoted(password)}`)).status;
      } finally {
        imap.close();
      }
    }),
  );
  expect(outcomes).toEqual(outcomes.map((_, index) => (index % 3 === 0 ? 'NO' : 'OK')));
});

it('refuses a suspended member within a second, and knows them no more', async () => {
  const secret = await place.appPassword('bob');
  expect(await authTest('bob', secret)).toBe(true);
  await place.setStatus('bob', 'suspend');
  await withinASecond(async () => !(await authTest('bob', secret)));
  expect((await doveadm('user', 'bob')).code).not.toBe(0);
});
