import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Machine, startMachine } from './ldap-machine.ts';
import { GROUPS, type LdapPlace, PEOPLE } from './ldap-place.ts';
import { makeWorkFolder } from './work-folder.ts';

/** A machine with nslcd, and the NSS and PAM modules that ask it. Its PAM service is `atelier`. */
export async function startNslcd(place: LdapPlace): Promise<Machine> {
  const folder = await makeWorkFolder('nslcd');
  const file = (name: string) => join(folder.path, name);
  await mkdir(file('pam.d'));
  await writeFile(file('pam.d/atelier'), PAM);
  await writeFile(file('nsswitch.conf'), 'passwd: files ldap\ngroup: files ldap\n');
  await writeFile(file('nslcd.conf'), configuration(place), { mode: 0o600 });
  return await startMachine({
    folder,
    mounts: MOUNTS,
    daemon: '/usr/sbin/nslcd --nofork',
    sockets: ['/run/nslcd/socket'],
    needs: {
      '/usr/sbin/nslcd': 'nslcd, libnss-ldapd and libpam-ldapd',
      '/usr/bin/pamtester': 'pamtester',
    },
  });
}

const MOUNTS = `
mount -t tmpfs tmpfs /run
install -d -o nslcd -g nslcd /run/nslcd
mount --bind "$FILES/nsswitch.conf" /etc/nsswitch.conf
mount --bind "$FILES/nslcd.conf" /etc/nslcd.conf
mount --bind "$FILES/pam.d" /etc/pam.d`;

const PAM = `auth required pam_ldap.so
account required pam_ldap.so
password required pam_ldap.so
session required pam_ldap.so
`;

function configuration(place: LdapPlace): string {
  return `uid nslcd
gid nslcd
uri ldap://127.0.0.1:${place.port}
base passwd ${PEOPLE}
base group ${GROUPS}
binddn ${place.reader.dn}
bindpw ${place.reader.secret}
nss_nested_groups yes
# By default, DNs of members are remembered for a quarter of an hour.
cache dn2uid 0
`;
}
