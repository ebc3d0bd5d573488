import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { vi } from 'vitest';
import { GROUPS, type LdapPlace, PEOPLE } from './ldap-place.ts';
import { stopChild } from './programs.ts';
import { makeWorkFolder } from './work-folder.ts';

export type Machine = {
  /** Runs a program that sees the place's members as users. What it is to read is `input`. */
  run(command: string, args: string[], input?: string): Promise<{ code: number; text: string }>;
  stop(): Promise<void>;
};

/**
 * nslcd, the NSS and the PAM module that ask it, and pamtester (Debian: nslcd, libnss-ldapd, libpam-ldapd,
 * pamtester). They read files under /etc: in a mount namespace of their own these are others, and
 * the machine keeps its own.
 */
export async function startMachine(place: LdapPlace): Promise<Machine> {
  if (process.getuid?.() !== 0) throw new Error('nslcd needs a mount namespace: run as root');
  for (const [file, name] of NEEDED) {
    if (!existsSync(file)) throw new Error(`${file} is missing: install Debian's ${name}`);
  }
  const folder = await makeWorkFolder('nslcd');
  await writeFiles(folder.path, place);
  const daemon = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-ec', ENTER], {
    env: { ...process.env, FILES: folder.path },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [daemon.stdout, daemon.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  const stop = () => stopChild(daemon).finally(folder.remove);
  const socket = `/proc/${daemon.pid}/root/run/nslcd/socket`;
  try {
    await vi.waitUntil(() => existsSync(socket) || daemon.exitCode !== null, { timeout: 20_000 });
    if (daemon.exitCode !== null) throw new Error('nslcd ended');
  } catch (error) {
    await stop();
    throw new Error(`nslcd did not start: ${printed}`, { cause: error });
  }
  const inside = ['--target', String(daemon.pid), '--mount'];
  return {
    run: (command, args, input = '') => runInside([...inside, command, ...args], input),
    stop,
  };
}

const NEEDED = [
  ['/usr/sbin/nslcd', 'nslcd'],
  ['/usr/bin/pamtester', 'pamtester'],
] as const;

const ENTER = `
mount -t tmpfs tmpfs /run
install -d -o nslcd -g nslcd /run/nslcd
mount --bind "$FILES/nsswitch.conf" /etc/nsswitch.conf
mount --bind "$FILES/nslcd.conf" /etc/nslcd.conf
mount --bind "$FILES/pam.d" /etc/pam.d
exec /usr/sbin/nslcd --nofork`;

async function writeFiles(root: string, place: LdapPlace): Promise<void> {
  await mkdir(join(root, 'pam.d'));
  await writeFile(join(root, 'pam.d/atelier'), PAM);
  await writeFile(join(root, 'nsswitch.conf'), 'passwd: files ldap\ngroup: files ldap\n');
  await writeFile(
    join(root, 'nslcd.conf'),
    `uid nslcd
gid nslcd
uri ldap://127.0.0.1:${place.port}
base passwd ${PEOPLE}
base group ${GROUPS}
binddn ${place.reader.dn}
bindpw ${place.reader.secret}
nss_nested_groups yes
# By default, DNs of members are remembered for a quarter of an hour.
cache dn2uid 0
`,
    { mode: 0o600 },
  );
}

const PAM = `auth required pam_ldap.so
account required pam_ldap.so
password required pam_ldap.so
session required pam_ldap.so
`;

function runInside(args: string[], input: string): Promise<{ code: number; text: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('nsenter', args, { env: { ...process.env, LC_ALL: 'C.UTF-8' } });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (more: string) => {
        text += more;
      });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, text: text.trim() }));
    child.stdin.end(input);
  });
}
