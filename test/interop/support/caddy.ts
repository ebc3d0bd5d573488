import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Program, startProgram } from './programs.ts';
import type { WorkFolder } from './work-folder.ts';

/**
 * Debian's Caddy with the guide's configuration: at other ports, with a folder of its own, and with certificates that it
 * signs itself instead of asking an authority of the internet.
 */
export async function startCaddy(
  folder: WorkFolder,
  guide: string,
  { port, httpPort, hubPort }: { port: number; httpPort: number; hubPort: number },
): Promise<Program> {
  const config = guide
    .replace(
      /^\{$/m,
      `{
	admin off
	http_port ${httpPort}
	https_port ${port}
	auto_https disable_redirects
	skip_install_trust
	local_certs
	storage file_system ${folder.path}/storage`,
    )
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${hubPort}`)
    .replace(/^\ttls {$/m, '\ttls internal {');
  const file = join(folder.path, 'Caddyfile');
  await writeFile(file, config);
  return startProgram('caddy', ['run', '--config', file, '--adapter', 'caddyfile'], {
    port,
    cwd: folder.path,
    env: { HOME: folder.path, XDG_DATA_HOME: folder.path, XDG_CONFIG_HOME: folder.path },
  });
}
