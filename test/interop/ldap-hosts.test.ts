import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildLieu, type Lieu, READER_PASSWORD } from '../ldap/support/directory.ts';
import { writeCertificate } from '../support/certificate.ts';
import { freePort } from '../support/free-port.ts';
import { startHub, type TestHub } from '../support/hub.ts';
import { runTool } from './support/openldap.ts';
import { makeWorkFolder, type WorkFolder } from './support/work-folder.ts';

/** OpenLDAP's ldapsearch at a community's own host, whose certificate it checks. */
const HOSTS = ['ldap.lamyne.example', 'ldap.voisin.example'] as const;
const UNKNOWN = 'ldap.autre.example';

let folder: WorkFolder;
let hosts: WorkFolder;
let hub: TestHub;
let lieu: Lieu;
let port: number;
let ldapsPort: number;

beforeAll(async () => {
  folder = await makeWorkFolder('ldap-hosts');
  const usual = await writeCertificate(folder.path, 'usual');
  hosts = await makeWorkFolder('ldap-certificates');
  const authorities = [];
  for (const host of HOSTS) {
    const { cert, key } = await writeCertificate(folder.path, host, { host });
    authorities.push(await readFile(cert, 'utf8'));
    await rename(key, join(hosts.path, `${host}.key`));
    await rename(cert, join(hosts.path, `${host}.crt`));
  }
  await writeFile(join(folder.path, 'authorities.pem'), authorities.join(''));
  await writeFile(
    join(folder.path, 'hosts'),
    `127.0.0.1 localhost ${HOSTS.join(' ')} ${UNKNOWN}\n`,
  );
  [port, ldapsPort] = [await freePort(), await freePort()];
  hub = await startHub({
    TROUSSEAU_LDAP_LISTEN: `127.0.0.1:${port}`,
    TROUSSEAU_LDAPS_LISTEN: `127.0.0.1:${ldapsPort}`,
    TROUSSEAU_TLS_CERT: usual.cert,
    TROUSSEAU_TLS_KEY: usual.key,
    TROUSSEAU_TLS_DIR: hosts.path,
  });
  lieu = await buildLieu(hub, { slug: 'lamyne' });
});
afterAll(async () => {
  await hub?.stop();
  await folder?.remove();
  await hosts?.remove();
});

/** In a mount namespace of its own, where those names lead to this machine. */
function search(...address: string[]) {
  const asked = ['-LLL', '-x', '-D', lieu.cloud.readerDn, '-w', READER_PASSWORD, '-b', lieu.base];
  const script = `mount --bind ${folder.path}/hosts /etc/hosts; exec ldapsearch "$@"`;
  const namespace = ['--mount', '--propagation', 'private', 'sh', '-ec', script, 'ldapsearch'];
  return runTool('unshare', [...namespace, ...address, ...asked, '(uid=alice)', 'uid'], {
    LDAPTLS_CACERT: join(folder.path, 'authorities.pem'),
    LDAPTLS_REQCERT: 'demand',
  });
}

describe('ldapsearch at a host of a community’s own', () => {
  it.each(HOSTS)('takes the certificate of %s, by LDAPS and StartTLS', async (host) => {
    for (const address of [
      ['-H', `ldaps://${host}:${ldapsPort}`],
      ['-ZZ', '-H', `ldap://${host}:${port}`],
    ]) {
      const { code, out, err } = await search(...address);
      expect([address, code, err]).toEqual([address, 0, '']);
      expect(out).toContain('uid: alice');
    }
  });

  it('refuses the usual one where the folder has none of the name', async () => {
    expect((await search('-H', `ldaps://${UNKNOWN}:${ldapsPort}`)).code).not.toBe(0);
    expect((await search('-ZZ', '-H', `ldap://${UNKNOWN}:${port}`)).code).not.toBe(0);
  });
});
