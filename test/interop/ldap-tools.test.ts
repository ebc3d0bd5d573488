import { stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setMemberStatus } from '../../src/domain/memberships/set-member-status.ts';
import { buildLieu, type Lieu, READER_PASSWORD } from '../ldap/support/directory.ts';
import { Browser } from '../support/browser.ts';
import { buildMember, buildService, PASSWORD } from '../support/factories.ts';
import { freePort } from '../support/free-port.ts';
import { startHub, type TestHub } from '../support/hub.ts';
import { RelyingParty } from '../support/relying-party.ts';
import { runTool, valuesIn } from './support/openldap.ts';
import { makeCertificate } from './support/tls-front.ts';
import { makeWorkFolder, type WorkFolder } from './support/work-folder.ts';

/** OpenLDAP's own tools, as an operator or a script runs them. */
let folder: WorkFolder;
let hub: TestHub;
let lieu: Lieu;
let plain: string;
let ldaps: string;
let trusted: NodeJS.ProcessEnv;

beforeAll(async () => {
  folder = await makeWorkFolder('ldap');
  const { key, certificate } = await makeCertificate(folder.path);
  const [first, second] = await Promise.all([freePort(), freePort()]);
  const ports = [first, second] as const;
  hub = await startHub({
    TROUSSEAU_LDAP_LISTEN: `127.0.0.1:${ports[0]}`,
    TROUSSEAU_LDAPS_LISTEN: `127.0.0.1:${ports[1]}`,
    TROUSSEAU_TLS_CERT: certificate,
    TROUSSEAU_TLS_KEY: key,
  });
  // By address: the tools put the machine's own name in the place of "localhost".
  [plain, ldaps] = [`ldap://127.0.0.1:${ports[0]}`, `ldaps://127.0.0.1:${ports[1]}`];
  trusted = { LDAPTLS_CACERT: certificate };
  lieu = await buildLieu(hub, { slug: 'lamyne' });
  await lieu.group('bureau', [lieu.alice]);
});
afterAll(async () => {
  await hub?.stop();
  await folder?.remove();
});

const asReader = () => ['-x', '-D', lieu.cloud.readerDn, '-w', READER_PASSWORD];
const asPerson = (dn: string, password: string) => ['-x', '-D', dn, '-w', password];
const search = (...args: string[]) =>
  runTool(
    'ldapsearch',
    ['-LLL', '-o', 'ldif-wrap=no', '-H', plain, ...asReader(), ...args],
    trusted,
  );

describe('ldapsearch', () => {
  it('finds a person with the attributes that were asked for', async () => {
    const { code, out } = await search('-b', lieu.base, '(uid=alice)', 'cn', 'mail', 'memberOf');
    expect(code).toBe(0);
    expect(out.trim().split('\n')).toEqual([
      'dn: uid=alice,ou=people,o=lamyne',
      'cn: Alice Martin',
      `mail: ${lieu.alice.email}`,
      'memberOf: cn=bureau,ou=groups,o=lamyne',
    ]);
  });

  it('reads a base, one level and a subtree', async () => {
    const dns = async (scope: string) => {
      const { code, out } = await search('-b', `ou=people,${lieu.base}`, '-s', scope, 'dn');
      expect(code).toBe(0);
      return valuesIn(out, 'dn').sort();
    };
    const people = [lieu.dnOf(lieu.alice), lieu.dnOf(lieu.bob)];
    expect(await dns('base')).toEqual([`ou=people,${lieu.base}`]);
    expect(await dns('one')).toEqual(people);
    expect(await dns('sub')).toEqual([`ou=people,${lieu.base}`, ...people].sort());
    expect(await dns('children')).toEqual(people);
  });

  it('pages through everything (row 17)', async () => {
    const whole = await search('-b', lieu.base, 'dn');
    const paged = await search('-b', lieu.base, '-E', 'pr=2/noprompt', 'dn');
    const strict = await search('-b', lieu.base, '-E', '!pr=3/noprompt', 'dn');
    for (const { code, out } of [paged, strict]) {
      expect(code).toBe(0);
      expect(valuesIn(out, 'dn')).toEqual(valuesIn(whole.out, 'dn'));
    }
  });

  it('shows operational attributes with +, and types alone with -A', async () => {
    const { out } = await search('-b', lieu.base, '(uid=alice)', '+');
    expect(valuesIn(out, 'entryUUID')).toEqual([lieu.alice.subject]);
    expect(valuesIn(out, 'subschemaSubentry')).toEqual(['cn=subschema']);
    expect((await search('-A', '-b', lieu.base, '(uid=alice)', 'cn')).out).toMatch(/^cn:$/m);
  });

  it('tells what is missing, above what: noSuchObject with the matched name', async () => {
    const { code, err } = await search('-b', `uid=nobody,ou=people,${lieu.base}`, '-s', 'base');
    expect(code).toBe(32);
    expect(err).toContain(`Matched DN: ou=people,${lieu.base}`);
  });

  it('reads the root DSE and the schema without a bind, and nothing else', async () => {
    const anonymous = (...args: string[]) =>
      runTool('ldapsearch', ['-x', '-LLL', '-o', 'ldif-wrap=no', '-H', plain, ...args]);
    const root = await anonymous('-b', '', '-s', 'base', '+');
    expect(valuesIn(root.out, 'supportedExtension')).toContain('1.3.6.1.4.1.1466.20037');
    const schema = await anonymous('-b', 'cn=subschema', '-s', 'base', 'objectClasses');
    expect(valuesIn(schema.out, 'objectClasses').length).toBeGreaterThan(10);
    expect((await anonymous('-b', lieu.base)).code).toBe(50);
  });

  it('no longer sees who is suspended, within a second', async () => {
    const chloe = await buildMember(hub.database, lieu.community.id, { username: 'chloe' });
    const seen = async () => (await search('-b', lieu.base, '(uid=chloe)', 'dn')).out !== '';
    const within = async (expected: boolean) => {
      const deadline = performance.now() + 1_000;
      while ((await seen()) !== expected) expect(performance.now()).toBeLessThan(deadline);
    };
    await within(true);
    await hub.database.transaction((tx) =>
      setMemberStatus(tx, lieu.community.id, chloe.subject, 'suspend', 'cli'),
    );
    await within(false);
  });
});

describe('TLS (row 20)', () => {
  it('StartTLS and LDAPS are trusted by the certificate, and not without it', async () => {
    const ask = (args: string[], env = trusted) =>
      runTool('ldapwhoami', [...args, ...asReader()], env);
    for (const args of [
      ['-H', plain, '-ZZ'],
      ['-H', ldaps],
    ]) {
      expect(await ask(args)).toMatchObject({ code: 0, out: `dn:${lieu.cloud.readerDn}\n` });
      expect((await ask(args, {})).code).not.toBe(0);
    }
  });

  it('a renewed certificate is served to new connections; a broken one is not', async () => {
    const { cert, key } = hub.config.ldap.tls as { cert: string; key: string };
    const served = () =>
      new Promise<string>((resolve, reject) => {
        const socket = connect({
          host: '127.0.0.1',
          port: Number(ldaps.split(':').at(-1)),
          rejectUnauthorized: false,
        });
        socket.once('error', reject);
        socket.once('secureConnect', () => {
          resolve(socket.getPeerCertificate().serialNumber);
          socket.destroy();
        });
      });
    const before = await served();
    await makeCertificate(folder.path);
    await expect.poll(served, { timeout: 10_000 }).not.toBe(before);
    const renewed = await served();
    await writeFile(cert, 'not a certificate');
    const { mtimeMs } = await stat(key);
    await utimes(key, mtimeMs / 1000 + 1, mtimeMs / 1000 + 1);
    // Long enough for the change to have been looked at once.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(await served()).toBe(renewed);
    await makeCertificate(folder.path);
    await expect.poll(served, { timeout: 10_000 }).not.toBe(renewed);
    expect(join(folder.path, 'tls.crt')).toBe(cert);
  });
});

describe('ldapwhoami, ldapcompare and ldappasswd', () => {
  it('whoami names a reader, a person and nobody (row 27)', async () => {
    const ask = (args: string[]) => runTool('ldapwhoami', ['-H', plain, ...args]);
    const alice = lieu.dnOf(lieu.alice);
    expect((await ask(asReader())).out).toBe(`dn:${lieu.cloud.readerDn}\n`);
    expect((await ask(asPerson(alice, PASSWORD))).out).toBe(`dn:${alice}\n`);
    expect((await ask(['-x'])).out).toBe('anonymous\n');
    expect(await ask(asPerson(alice, 'wrong'))).toMatchObject({
      code: 49,
      err: expect.stringContaining('Invalid credentials (49)'),
    });
  });

  it('compare says TRUE, FALSE, and what cannot be compared (row 28)', async () => {
    const compare = (entry: string, assertion: string) =>
      runTool('ldapcompare', ['-H', plain, ...asReader(), entry, assertion]);
    const alice = lieu.dnOf(lieu.alice);
    expect((await compare(alice, 'CN:alice martin')).out).toBe('TRUE\n');
    expect((await compare(alice, 'cn:bob')).out).toBe('FALSE\n');
    expect((await compare(`cn=bureau,ou=groups,${lieu.base}`, `member:${alice}`)).out).toBe(
      'TRUE\n',
    );
    expect((await compare(alice, 'userPassword:x')).code).toBe(16);
  });

  it('ldappasswd changes one’s own password: the web takes the new one, the old sessions are over (row 29)', async () => {
    const dora = await buildMember(hub.database, lieu.community.id, { username: 'dora' });
    const wiki = await buildService(hub, lieu.community);
    const app = new RelyingParty(hub.url, lieu.community, wiki);
    const newBrowser = () => new Browser({ stopAt: (to) => to.hostname.endsWith('.example') });
    const tokens = await app.tokens(await app.signIn(newBrowser(), dora.username));
    const dn = lieu.dnOf(dora);
    const passwd = (...args: string[]) =>
      runTool('ldappasswd', ['-H', plain, ...asPerson(dn, PASSWORD), ...args]);
    const wrong = await passwd('-a', 'wrong', '-s', 'une autre phrase de passe');
    expect(wrong.out + wrong.err).toContain('(53)');
    const short = await passwd('-a', PASSWORD, '-s', 'short');
    expect(short.out + short.err).toContain('(19)');
    const { code, out } = await passwd('-a', PASSWORD);
    expect(code).toBe(0);
    const generated = /^New password: (\S+)$/m.exec(out)?.[1] as string;
    await hub.app.settle();
    expect((await runTool('ldapwhoami', ['-H', plain, ...asPerson(dn, PASSWORD)])).code).toBe(49);
    expect((await runTool('ldapwhoami', ['-H', plain, ...asPerson(dn, generated)])).code).toBe(0);
    expect((await app.refresh(tokens.refresh_token as string)).status).toBe(400);
    const again = await app.signIn(newBrowser(), dora.username, {}, generated);
    expect(await app.tokens(again)).toHaveProperty('id_token');
  });

  it('the directory cannot be written to (row 30)', async () => {
    const { code, err } = await runTool('ldapdelete', [
      '-H',
      plain,
      ...asReader(),
      lieu.dnOf(lieu.bob),
    ]);
    expect(code).toBe(53);
    expect(err).toContain('read-only');
  });
});
