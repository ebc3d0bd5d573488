import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Machine } from './support/ldap-machine.ts';
import { startNslcd } from './support/ldap-nslcd.ts';
import { type LdapPlace, SECRETS, startLdapPlace, withinASecond } from './support/ldap-place.ts';

/** A Debian machine whose users are the members, by nslcd: NSS, and PAM through pamtester. */
let place: LdapPlace;
let machine: Machine;
beforeAll(async () => {
  place = await startLdapPlace();
  machine = await startNslcd(place);
});
afterAll(async () => {
  await machine?.stop();
  await place?.stop();
});

const getent = async (...args: string[]) => (await machine.run('getent', args)).text;
/** What PAM says to a login, and to what is allowed after it. */
const login = (user: string, password: string) =>
  machine.run('pamtester', ['atelier', user, 'authenticate', 'acct_mgmt'], `${password}\n`);

it('getent finds a member by name and by number, with the primary group (row 7)', async () => {
  const line = await getent('passwd', 'alice');
  expect(line).toMatch(/^alice:[x*]:100\d{3}:100\d{3}:Alice Martin:\/home\/alice:\/bin\/bash$/);
  const [, , uid, gid] = line.split(':') as string[];
  expect(await getent('passwd', uid as string)).toBe(line);
  expect(await getent('group', gid as string)).toMatch(/^membres:/);
  expect(await getent('passwd', 'hugo')).toBe('');
});

it('getent lists members and groups with whoever is in them, nested groups included', async () => {
  const names = (lines: string) => lines.split('\n').map((line) => line.split(':')[0]);
  expect(names(await getent('passwd'))).toEqual(expect.arrayContaining(['root', 'alice', 'bob']));
  const membres = (await getent('group', 'membres')).split(':').at(-1)?.split(',');
  expect(membres).toEqual(expect.arrayContaining(['alice', 'bob']));
  expect(membres).not.toContain('hugo');
  expect(names(await getent('group'))).toEqual(
    expect.arrayContaining(['membres', 'bureau', 'atelier']),
  );
});

it('id names the groups that a member is in, directly or through another', async () => {
  const { text } = await machine.run('id', ['--groups', '--name', 'alice']);
  expect(text.split(' ').sort()).toEqual(['bureau', 'membres']);
});

it('PAM takes a member’s own password or an app password, and no other', async () => {
  const secret = await place.appPassword('bob');
  expect(await login('alice', SECRETS.alice)).toMatchObject({ code: 0 });
  expect(await login('bob', secret)).toMatchObject({ code: 0 });
  expect((await login('alice', 'wrong')).code).not.toBe(0);
  expect((await login('alice', secret)).code).not.toBe(0);
  expect((await login('alice', '')).code).not.toBe(0);
  expect((await login('hugo', SECRETS.alice)).code).not.toBe(0);
});

it('passwd changes a member’s own password by the way of PAM, and no weak one is taken (row 29)', async () => {
  // As root one would be asked for the directory administrator's password instead.
  const asAlice = ['--reuid', 'alice', '--clear-groups'];
  const passwd = (...typed: string[]) =>
    machine.run(
      'setpriv',
      [...asAlice, 'pamtester', 'atelier', 'alice', 'chauthtok'],
      typed.map((line) => `${line}\n`).join(''),
    );
  const renewed = 'une autre phrase de passe';
  expect((await passwd('wrong', renewed, renewed)).code).not.toBe(0);
  expect((await passwd(SECRETS.alice, 'court', 'court')).code).not.toBe(0);
  expect((await login('alice', SECRETS.alice)).code).toBe(0);
  expect(await passwd(SECRETS.alice, renewed, renewed)).toMatchObject({ code: 0 });
  await withinASecond(async () => (await login('alice', SECRETS.alice)).code !== 0);
  expect((await login('alice', renewed)).code).toBe(0);
});

it('a suspended member is no user of the machine within a second, and cannot log in', async () => {
  const secret = await place.appPassword('bob');
  expect((await login('bob', secret)).code).toBe(0);
  await place.setStatus('bob', 'suspend');
  await withinASecond(async () => (await login('bob', secret)).code !== 0);
  expect(await getent('passwd', 'bob')).toBe('');
  expect(await getent('group', 'membres')).not.toContain('bob');
});
