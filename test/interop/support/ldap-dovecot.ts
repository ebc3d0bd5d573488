import { readFileSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../support/free-port.ts';
import { type LdapPlace, PEOPLE } from './ldap-place.ts';
import { type Program, startProgram } from './programs.ts';
import { makeWorkFolder } from './work-folder.ts';

export type Dovecot = Program & {
  port: number;
  /** For `doveadm -c`. */
  config: string;
  mailFolder: string;
};

/** Debian's Dovecot (dovecot-imapd and dovecot-ldap) that looks people up as the place's reader. */
export async function startDovecot(place: LdapPlace): Promise<Dovecot> {
  if (process.getuid?.() !== 0)
    throw new Error('Dovecot gives each mailbox its owner: run as root');
  const folder = await makeWorkFolder('dovecot');
  const root = folder.path;
  const [port, config, mailFolder] = [
    await freePort(),
    join(root, 'dovecot.conf'),
    join(root, 'mail'),
  ];
  try {
    await mkdir(mailFolder);
    // Each mailbox is made by its owner, at the first visit.
    await chmod(mailFolder, 0o1777);
    await writeFile(config, server(root, port));
    await writeFile(join(root, 'dovecot-ldap.conf.ext'), ldap(place, mailFolder), { mode: 0o600 });
    const log = () => readFileSync(join(root, 'dovecot.log'), 'utf8');
    const program = await startProgram('/usr/sbin/dovecot', ['-F', '-c', config], {
      port,
      cwd: root,
      log,
    });
    const stop = () => program.stop().finally(folder.remove);
    return { ...program, port, config, mailFolder, stop };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

function server(root: string, port: number): string {
  return `
base_dir = ${root}/run
state_dir = ${root}/run
log_path = ${root}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain
# A test asks for refusals, and need not wait for them: neither for each, nor for many from one address.
auth_failure_delay = 0
mail_location = maildir:~/Maildir
service imap-login {
  chroot =
  inet_listener imap {
    port = ${port}
  }
  inet_listener imaps {
    port = 0
  }
}
service anvil {
  chroot =
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
passdb {
  driver = ldap
  args = ${root}/dovecot-ldap.conf.ext
}
userdb {
  driver = ldap
  args = ${root}/dovecot-ldap.conf.ext
}
`;
}

function ldap(place: LdapPlace, mailFolder: string): string {
  return `
uris = ldap://127.0.0.1:${place.port}
dn = ${place.reader.dn}
dnpass = ${place.reader.secret}
base = ${PEOPLE}
auth_bind = yes
pass_filter = (&(objectClass=inetOrgPerson)(|(uid=%u)(mail=%u)))
pass_attrs = uid=user
user_filter = (&(objectClass=posixAccount)(|(uid=%u)(mail=%u)))
user_attrs = uid=user, uidNumber=uid, gidNumber=gid, =home=${mailFolder}/%{ldap:uid}
iterate_filter = (objectClass=posixAccount)
iterate_attrs = uid=user
`;
}
