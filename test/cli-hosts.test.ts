import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { type DnsServer, startDnsServer } from './support/dns-server.ts';
import { buildCommunity } from './support/factories.ts';
import { setRecord } from './support/host-proofs.ts';
import { runTrousseau } from './support/run-trousseau.ts';

let db: TestDatabase;
let dns: DnsServer;

beforeAll(async () => {
  db = await cloneDatabase();
  dns = await startDnsServer();
  await buildCommunity(db.database, { slug: 'lamyne' });
  await buildCommunity(db.database, { slug: 'autre' });
});
afterAll(async () => {
  await dns.stop();
  await db.drop();
});

const host = (line: string) =>
  runTrousseau(['community', 'host', ...line.split(' ')], {
    DATABASE_URL: db.url,
    TROUSSEAU_URL: 'https://login.reseau.example',
    TROUSSEAU_RESERVED_HOSTS: 'reseau.example',
    TROUSSEAU_DNS_SERVERS: dns.address,
    LOG_LEVEL: 'silent',
  });

describe('the commands for hosts', () => {
  test('claim one, say what to set, look for it, and let it count', async () => {
    const added = await host('add lamyne Login.LaMyne.example. --json');
    const { host: name, state, record, file } = JSON.parse(added.out);
    expect({ name, state }).toEqual({ name: 'login.lamyne.example', state: 'claimed' });
    expect(record).toEqual({
      name: '_trousseau-challenge.login.lamyne.example',
      type: 'TXT',
      value: expect.stringMatching(/^[\w-]{32}$/),
    });
    expect(file).toEqual({
      url: 'http://login.lamyne.example/.well-known/trousseau-challenge.txt',
      text: record.value,
    });
    const again = await host('add lamyne login.lamyne.example');
    expect(again.out).toContain(`_trousseau-challenge.login.lamyne.example. TXT "${record.value}"`);
    const early = await host('check lamyne login.lamyne.example');
    expect([early.code, early.err]).toEqual([
      1,
      "trousseau: nothing shows yet that login.lamyne.example is lamyne's: the record is not there, the file could not be asked for\n",
    ]);
    setRecord(dns, { host: name }, record.value);
    const checked = await host('check lamyne LOGIN.lamyne.example');
    expect(checked.out).toBe('The record is there: login.lamyne.example is a host of lamyne.\n');
    const listed = await host('list lamyne');
    expect(listed.out).toMatch(/^login\.lamyne\.example +web, ldap +proven \(dns\)$/m);
  });

  test('let one count at once, for LDAP alone, and take it away again', async () => {
    expect((await host('add autre ldap.autre.example --for ldap --proven')).out).toBe(
      'ldap.autre.example is a host of autre now.\n',
    );
    expect((await host('list autre')).out).toMatch(
      /^ldap\.autre\.example +ldap +proven \(operator\)$/m,
    );
    expect((await host('remove autre ldap.autre.example')).code).toBe(0);
    expect((await host('list autre')).out).toBe('autre has no host of its own.\n');
    const gone = await host('remove autre ldap.autre.example');
    expect([gone.code, gone.err]).toEqual([
      1,
      'trousseau: there is no host "ldap.autre.example" here\n',
    ]);
  });

  test.each([
    ['add autre login.lamyne.example', 'is proven by another community of this hub'],
    ['add autre *.autre.example', 'stands for many hosts'],
    ['add autre login.autre.example:8443', 'has a port: give the name alone, login.autre.example'],
    ['add autre autre.reseau.example', 'is below reseau.example'],
    ['add autre login.reseau.example --proven', "the hub's own name"],
    ['check autre login.lamyne.example', 'there is no host "login.lamyne.example" here'],
  ])('"%s" is refused with what to do', async (line, words) => {
    const { code, err } = await host(line);
    expect(code).toBe(1);
    expect(err).toContain(words);
  });
});
