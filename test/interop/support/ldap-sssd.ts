import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Machine, startMachine } from './ldap-machine.ts';
import { BASE, GROUPS, type LdapPlace, PEOPLE } from './ldap-place.ts';
import { makeWorkFolder } from './work-folder.ts';

/**
 * A machine with SSSD, which remembers nothing longer than it must. Its PAM service is `atelier`.
 * @param certificate what the bridge's StartTLS is trusted by
 */
export async function startSssd(place: LdapPlace, certificate: string): Promise<Machine> {
  const folder = await makeWorkFolder('sssd');
  const file = (name: string) => join(folder.path, name);
  await mkdir(file('pam.d'));
  await mkdir(file('sssd'), { mode: 0o700 });
  await writeFile(file('pam.d/atelier'), PAM);
  await writeFile(file('nsswitch.conf'), 'passwd: files sss\ngroup: files sss\n');
  await writeFile(file('sssd/sssd.conf'), configuration(place, certificate), { mode: 0o600 });
  return await startMachine({
    folder,
    mounts: MOUNTS,
    daemon: '/usr/sbin/sssd --interactive --logger=stderr',
    sockets: ['/var/lib/sss/pipes/nss', '/var/lib/sss/pipes/private/pam'],
    needs: {
      '/usr/sbin/sssd': 'sssd-ldap, libnss-sss and libpam-sss',
      '/usr/bin/pamtester': 'pamtester',
    },
  });
}

const MOUNTS = `
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/log
mkdir /var/log/sssd
mount -t tmpfs -o mode=755 tmpfs /var/lib/sss
cd /var/lib/sss
mkdir db deskprofile gpo_cache keytabs mc pipes pipes/private pubconf pubconf/krb5.include.d secrets
mount --bind "$FILES/nsswitch.conf" /etc/nsswitch.conf
mount --bind "$FILES/sssd" /etc/sssd
mount --bind "$FILES/pam.d" /etc/pam.d`;

const PAM = `auth required pam_sss.so
account required pam_sss.so
password required pam_sss.so
session required pam_sss.so
`;

function configuration(place: LdapPlace, certificate: string): string {
  return `[sssd]
services = nss, pam
domains = lamyne

[nss]
memcache_timeout = 0
entry_negative_timeout = 0

[domain/lamyne]
id_provider = ldap
auth_provider = ldap
chpass_provider = ldap
access_provider = permit
ldap_uri = ldap://127.0.0.1:${place.port}
ldap_id_use_start_tls = true
ldap_tls_cacert = ${certificate}
ldap_schema = rfc2307bis
ldap_search_base = ${BASE}
ldap_user_search_base = ${PEOPLE}
ldap_group_search_base = ${GROUPS}
ldap_default_bind_dn = ${place.reader.dn}
ldap_default_authtok = ${place.reader.secret}
entry_cache_timeout = 1
refresh_expired_interval = 0
cache_credentials = false
`;
}
