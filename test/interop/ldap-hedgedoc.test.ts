import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import {
  GROUPS,
  type LdapPlace,
  PEOPLE,
  SECRETS,
  startLdapPlace,
  withinASecond,
} from './support/ldap-place.ts';
import { makeCertificate } from './support/tls-front.ts';
import { makeWorkFolder, type WorkFolder } from './support/work-folder.ts';

/** HedgeDoc 1 signs in through passport-ldapauth (with ldapjs), configured as its CMD_LDAP_* are. */
let folder: WorkFolder;
let place: LdapPlace;
let ca: Buffer;
let ldapsPort: number;
beforeAll(async () => {
  folder = await makeWorkFolder('hedgedoc');
  const { key, certificate } = await makeCertificate(folder.path);
  ca = await readFile(certificate);
  ldapsPort = await freePort();
  place = await startLdapPlace({
    TROUSSEAU_LDAPS_LISTEN: `127.0.0.1:${ldapsPort}`,
    TROUSSEAU_TLS_CERT: certificate,
    TROUSSEAU_TLS_KEY: key,
  });
});
afterAll(async () => {
  await place?.stop();
  await folder?.remove();
});

type User = Record<string, string | string[] | undefined>;
type Outcome = { user: User } | { refused: number } | { error: Error };
/** What Passport lends to a strategy. Its own types want Express. */
type Strategy = {
  success(user: User): void;
  fail(why: unknown, status: number): void;
  error(error: Error): void;
  authenticate(request: { body: { username: string; password: string } }): void;
};
const { Strategy } = createRequire(import.meta.url)('passport-ldapauth') as {
  Strategy: new (options: { server: object }) => Strategy;
};

function signIn(username: string, password: string, server: object = {}): Promise<Outcome> {
  const strategy = new Strategy({
    server: {
      url: `ldap://127.0.0.1:${place.port}`,
      bindDN: place.reader.dn,
      bindCredentials: place.reader.secret,
      searchBase: PEOPLE,
      searchFilter: '(uid={{username}})',
      searchAttributes: ['displayName', 'mail', 'uid', 'entryUUID'],
      ...server,
    },
  });
  return new Promise((resolve) => {
    strategy.success = (user) => resolve({ user });
    strategy.fail = (_why, refused) => resolve({ refused });
    strategy.error = (error) => resolve({ error });
    strategy.authenticate({ body: { username, password } });
  });
}

const alice = {
  user: {
    dn: `uid=alice,${PEOPLE}`,
    uid: 'alice',
    mail: 'alice@lamyne.example',
    displayName: 'Alice Martin',
  },
};

it('signs a member in, with the attributes under the names that HedgeDoc reads', async () => {
  expect(await signIn('alice', SECRETS.alice)).toMatchObject(alice);
  expect(await signIn('Alice', SECRETS.alice)).toMatchObject(alice);
  expect(await signIn('alice', SECRETS.alice)).toHaveProperty(
    'user.entryUUID',
    await place.subjectOf('alice'),
  );
  const bySchema = { searchAttributes: ['DISPLAYNAME', 'MAIL', 'UID'] };
  expect(await signIn('alice', SECRETS.alice, bySchema)).toMatchObject(alice);
});

it('signs in whose name is not ASCII, and finds people by their address', async () => {
  const zoé = { user: { uid: 'zoé', displayName: 'Zoé Éluard' } };
  expect(await signIn('zoé', SECRETS.zoe)).toMatchObject(zoé);
  const byMail = { searchFilter: '(|(uid={{username}})(mail={{username}}))' };
  expect(await signIn('ZOE@lamyne.example', SECRETS.zoe, byMail)).toMatchObject(zoé);
});

it('takes an app password', async () => {
  const secret = await place.appPassword('bob');
  expect(await signIn('bob', secret)).toMatchObject({ user: { uid: 'bob' } });
});

it('refuses as a failed sign-in, not as an error: wrong, unknown, out of the service, a wildcard', async () => {
  expect(await signIn('alice', 'wrong')).toEqual({ refused: 401 });
  for (const name of ['nobody', 'hugo', '*', 'alice)(uid=*']) {
    expect(await signIn(name, SECRETS.alice)).toEqual({ refused: 401 });
  }
});

// Its StartTLS is of no use: it sends the reader's password right behind the request, in clear.
it('speaks LDAPS with the certificate that it is given, and not without (row 20)', async () => {
  const withTls = (tlsOptions: object) =>
    signIn('alice', SECRETS.alice, { url: `ldaps://127.0.0.1:${ldapsPort}`, tlsOptions });
  expect(await withTls({ ca: [ca] })).toMatchObject(alice);
  expect(await withTls({})).toHaveProperty('error');
});

it('limits to a group by memberOf (row 9)', async () => {
  const limited = { searchFilter: `(&(uid={{username}})(memberOf=cn=bureau,${GROUPS}))` };
  expect(await signIn('alice', SECRETS.alice, limited)).toMatchObject(alice);
  expect(await signIn('zoé', SECRETS.zoe, limited)).toEqual({ refused: 401 });
});

it('refuses a suspended member within a second', async () => {
  const secret = await place.appPassword('bob');
  expect(await signIn('bob', secret)).toHaveProperty('user');
  await place.setStatus('bob', 'suspend');
  await withinASecond(async () => 'refused' in (await signIn('bob', secret)));
});
