import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../support/free-port.ts';
import { GROUPS, type LdapPlace, PEOPLE } from './ldap-place.ts';
import { type Program, startProgram } from './programs.ts';
import { makeWorkFolder } from './work-folder.ts';

/** Debian's Prosody, with its mod_auth_ldap (Debian: prosody and lua-ldap), for whoever is in a group. */
export async function startProsody(
  place: LdapPlace,
  group: string,
): Promise<Program & { port: number }> {
  const folder = await makeWorkFolder('prosody');
  const root = folder.path;
  const [port, config] = [await freePort(), join(root, 'prosody.cfg.lua')];
  const log = () => {
    const file = join(root, 'prosody.log');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  };
  try {
    await writeFile(config, configuration(root, port, place, group), { mode: 0o600 });
    const program = await startProgram('/usr/bin/prosody', ['--config', config, '-F'], {
      port,
      cwd: root,
      log,
    });
    return { ...program, port, stop: () => program.stop().finally(folder.remove) };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

function configuration(root: string, port: number, place: LdapPlace, group: string): string {
  return `
run_as_root = true
data_path = "${root}"
pidfile = "${root}/prosody.pid"
log = { info = "${root}/prosody.log" }
interfaces = { "127.0.0.1" }
c2s_ports = { ${port} }
modules_enabled = { "roster", "saslauth", "disco" }
modules_disabled = { "s2s" }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true

authentication = "ldap"
ldap_server = "127.0.0.1:${place.port}"
ldap_rootdn = "${place.reader.dn}"
ldap_password = [[${place.reader.secret}]]
ldap_base = "${PEOPLE}"
ldap_filter = "(&(uid=$user)(memberOf=cn=${group},${GROUPS}))"
ldap_mode = "bind"

VirtualHost "lamyne.example"
`;
}
