import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { runProgram } from './programs.ts';

/** A reverse proxy that ends TLS in front of a hub, with a certificate that signs itself. */
export type TlsFront = { url: string; certificateFile: string; stop(): Promise<void> };

/** Serves `https://localhost:PORT` from a hub that listens on a port of 127.0.0.1. */
export async function startTlsFront(options: {
  port: number;
  hubPort: number;
  folder: string;
}): Promise<TlsFront> {
  const files = await makeCertificate(options.folder);
  const server = createServer({
    key: await readFile(files.key),
    cert: await readFile(files.certificate),
  });
  server.on('request', (req, res) => {
    const headers = {
      ...req.headers,
      'x-forwarded-for': req.socket.remoteAddress ?? '',
      'x-forwarded-host': req.headers.host,
      'x-forwarded-proto': 'https',
    };
    const { method, url } = req;
    const onward = request(
      { host: '127.0.0.1', port: options.hubPort, method, path: url, headers },
      (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        answer.pipe(res);
      },
    );
    onward.once('error', () => (res.headersSent ? res.destroy() : res.writeHead(502).end()));
    req.pipe(onward);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  return {
    url: `https://localhost:${options.port}`,
    certificateFile: files.certificate,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** A certificate for localhost that signs itself, as PEM files in the folder. */
export async function makeCertificate(
  folder: string,
): Promise<{ key: string; certificate: string }> {
  const files = { key: join(folder, 'tls.key'), certificate: join(folder, 'tls.crt') };
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const out = ['-keyout', files.key, '-out', files.certificate];
  await runProgram('openssl', [...args, ...names, ...out], { cwd: folder });
  return files;
}
