import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Machine } from './support/ldap-machine.ts';
import { type LdapPlace, SECRETS, startLdapPlace, withinASecond } from './support/ldap-place.ts';
import { startSssd } from './support/ldap-sssd.ts';
import { makeCertificate } from './support/tls-front.ts';
import { makeWorkFolder, type WorkFolder } from './support/work-folder.ts';

/** A Debian machine whose users are the members, by SSSD over StartTLS: NSS, and PAM through pamtester. */
let folder: WorkFolder;
let place: LdapPlace;
let machine: Machine;
beforeAll(async () => {
  folder = await makeWorkFolder('sssd-tls');
  const { key, certificate } = await makeCertificate(folder.path);
  place = await startLdapPlace({ TROUSSEAU_TLS_CERT: certificate, TROUSSEAU_TLS_KEY: key });
  machine = await startSssd(place, certificate);
});
afterAll(async () => {
  await machine?.stop();
  await place?.stop();
  await folder?.remove();
});

const getent = async (...args: string[]) => (await machine.run('getent', args)).text;
const login = async (user: string, password: string) =>
  (await machine.run('pamtester', ['atelier', user, 'authenticate', 'acct_mgmt'], `${password}\n`))
    .code === 0;

it('getent finds a member by name and by number, whatever letters the name has (rows 4 and 7)', async () => {
  const line = await getent('passwd', 'alice');
  expect(line).toMatch(/^alice:\*:100\d{3}:100\d{3}:Alice Martin:\/home\/alice:\/bin\/bash$/);
  expect(await getent('passwd', line.split(':')[2] as string)).toBe(line);
  expect(await getent('passwd', 'zoé')).toMatch(/^zoé:\*:100\d{3}:.*:\/home\/zoé:/);
  expect(await getent('passwd', 'hugo')).toBe('');
});

it('id and getent name the groups that a member is in, directly or through another', async () => {
  const { text } = await machine.run('id', ['--groups', '--name', 'alice']);
  expect(text.split(' ').sort()).toEqual(['bureau', 'membres']);
  expect(await getent('group', 'bureau')).toMatch(/^bureau:\*:100\d{3}:alice$/);
});

it('PAM takes a member’s own password or an app password, and no other', async () => {
  const secret = await place.appPassword('bob');
  expect(await login('alice', SECRETS.alice)).toBe(true);
  expect(await login('bob', secret)).toBe(true);
  expect(await login('alice', 'wrong')).toBe(false);
  expect(await login('alice', secret)).toBe(false);
  expect(await login('hugo', SECRETS.alice)).toBe(false);
});

it('passwd changes a member’s own password by the way of PAM (row 29)', async () => {
  const passwd = (...typed: string[]) =>
    machine.run(
      'setpriv',
      ['--reuid', 'alice', '--clear-groups', 'pamtester', 'atelier', 'alice', 'chauthtok'],
      typed.map((line) => `${line}\n`).join(''),
    );
  const renewed = 'une autre phrase de passe';
  expect((await passwd('wrong', renewed, renewed)).code).not.toBe(0);
  expect((await passwd(SECRETS.alice, 'court', 'court')).code).not.toBe(0);
  expect(await passwd(SECRETS.alice, renewed, renewed)).toMatchObject({ code: 0 });
  await withinASecond(async () => !(await login('alice', SECRETS.alice)));
  expect(await login('alice', renewed)).toBe(true);
});

it('a suspended member cannot log in within a second, and is no user once SSSD looks again', async () => {
  const secret = await place.appPassword('bob');
  expect(await login('bob', secret)).toBe(true);
  await place.setStatus('bob', 'suspend');
  await withinASecond(async () => !(await login('bob', secret)));
  await expect.poll(() => getent('passwd', 'bob'), { timeout: 10_000 }).toBe('');
});
