import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { canonicalHost, hubHostFaults } from '../src/domain/communities/host-name.ts';
import { insertOperator } from '../src/domain/operators/create-operator.ts';
import { findOperatorCredential } from '../src/domain/operators/operator-session.ts';
import { parseConfig } from '../src/platform/config/config.ts';
import { parseSmtpUrl } from '../src/platform/config/smtp-url.ts';
import { isIn, plainAddress } from '../src/platform/net/addresses.ts';
import { hostForms, isSameOrigin, normalHost } from '../src/platform/text/host-name.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';

test.each([
  ['login.lieu.example', 'login.lieu.example'],
  ['LOGIN.Lieu.Example', 'login.lieu.example'],
  ['login.lieu.example.', 'login.lieu.example'],
  ['login.lieu.example。', 'login.lieu.example'],
  ['été.lieu.example', 'xn--t-9fab.lieu.example'],
  ['XN--T-9FAB.lieu.example.:08443', 'xn--t-9fab.lieu.example:8443'],
  ['my_host:8080', 'my_host:8080'],
  ['127.0.0.1:80', '127.0.0.1:80'],
  ['[2001:DB8:0::1]:443', '[2001:db8::1]:443'],
  ['lieu.example:', 'lieu.example'],
  [' lieu.example ', 'lieu.example'],
])('the host %s is %s', (written, normal) => {
  expect(normalHost(written)).toBe(normal);
});

test.each([
  '',
  '.',
  '..',
  'lieu.example..',
  '.lieu.example',
  'lieu example',
  'x@lieu.example',
  'lieu.example/',
  'lieu.example:1:2',
  'lieu.example:70000',
  'lieu.example:x',
  'lieu%2eexample',
  '[::1',
  '::1',
  'lieu\\example',
  `${'a.'.repeat(130)}example`,
])('%j is no host', (written) => {
  expect(normalHost(written)).toBeUndefined();
});

test('a usual port may be left out, and no other', () => {
  expect(hostForms('lieu.example:443')).toEqual(['lieu.example:443', 'lieu.example']);
  expect(hostForms('lieu.example:80')).toEqual(['lieu.example:80', 'lieu.example']);
  expect(hostForms('lieu.example:8443')).toEqual(['lieu.example:8443']);
  expect(hostForms('[::1]')).toEqual(['[::1]']);
});

test('origins are one when scheme, name and port are', () => {
  expect(isSameOrigin('https://Lieu.example.:443', 'https://lieu.example')).toBe(true);
  for (const other of ['http://lieu.example', 'https://lieu.example:8443', 'null', '', 'https://b'])
    expect(isSameOrigin(other, 'https://lieu.example')).toBe(false);
});

describe('where hosts are given', () => {
  it('in a file, in any form, they are kept in one, and the hub’s own is known in each', () => {
    expect(canonicalHost('LOGIN.Lieu.example.:443')).toBe('login.lieu.example');
    expect(canonicalHost('login.lieu.example:8443')).toBe('login.lieu.example:8443');
    for (const own of ['HUB.example', 'hub.example.', 'hub.example:443']) {
      expect(hubHostFaults([own], 'https://hub.example')).toHaveLength(1);
    }
  });

  it('in TROUSSEAU_URL, too', () => {
    const { url } = parseConfig({ TROUSSEAU_URL: 'https://Été.Lieu.example.:443' });
    expect(url.origin).toBe('https://xn--t-9fab.lieu.example');
  });

  it('in SMTP_URL, too: this machine is known by its name in capitals', () => {
    expect(parseSmtpUrl('smtp://LOCALHOST')).toMatchObject({
      host: 'localhost',
      starttls: 'optional',
    });
    expect(parseSmtpUrl('smtp://été.lieu.example.')).toMatchObject({
      host: 'xn--t-9fab.lieu.example',
    });
  });
});

test('networks in IPv6’s clothes are those of IPv4', () => {
  const { trustedProxies, privateNetworks } = parseConfig({
    TROUSSEAU_TRUSTED_PROXIES: '::ffff:10.0.0.0/104, ::ffff:192.0.2.1',
    TROUSSEAU_PRIVATE_NETWORKS: '::ffff:172.16.0.0/108',
  });
  for (const [ip, networks] of [
    ['10.9.8.7', trustedProxies],
    ['::ffff:10.9.8.7', trustedProxies],
    ['192.0.2.1', trustedProxies],
    ['172.17.0.1', privateNetworks],
  ] as const) {
    expect([ip, isIn(ip, networks)]).toEqual([ip, true]);
  }
  expect(isIn('192.0.2.2', trustedProxies)).toBe(false);
});

describe('an operator', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await cloneDatabase();
  });
  afterAll(() => db.drop());

  it('is found by their address in any case, whatever the locale of the database', async () => {
    await db.database.transaction((tx) => insertOperator(tx, 'Zoé@Réseau.example', 'h'));
    for (const typed of ['ZOÉ@RÉSEAU.EXAMPLE', 'zoe\u0301@re\u0301seau.example']) {
      expect(await findOperatorCredential(db.database, typed)).toMatchObject({ passwordHash: 'h' });
    }
    expect(await findOperatorCredential(db.database, 'zoe@reseau.example')).toBeUndefined();
  });
});

test('an address has one spelling, whatever socket it came to', () => {
  expect(['::ffff:192.0.2.1', '2001:DB8:0::1', 'fe80::1%eth0', 'nobody'].map(plainAddress)).toEqual(
    ['192.0.2.1', '2001:db8::1', 'fe80::1', ''],
  );
});
