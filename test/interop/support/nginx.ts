import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Program, startProgram } from './programs.ts';
import type { WorkFolder } from './work-folder.ts';

/** Debian's nginx with servers of the guide, at another port and with a folder of its own. */
export async function startNginx(
  folder: WorkFolder,
  servers: string,
  { port, hubPort }: { port: number; hubPort: number },
): Promise<Program> {
  const root = folder.path;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${root}/${kind};`)
    .join('\n');
  const config = `daemon off;
worker_processes 1;
pid ${root}/nginx.pid;
error_log ${root}/error.log info;
events { worker_connections 64; }
http {
  access_log off;
  ${temporary}
  ${servers
    .replaceAll('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${hubPort}`)
    .replaceAll('/etc/letsencrypt/live', join(root, 'live'))}
}
`;
  const file = join(root, 'nginx.conf');
  await writeFile(file, config);
  return startProgram('nginx', ['-c', file, '-p', root, '-e', join(root, 'error.log')], {
    port,
    cwd: root,
    env: { PATH: `${process.env.PATH}:/usr/sbin` },
    log: () => readFileSync(join(root, 'error.log'), 'utf8'),
  });
}
