import { request } from 'node:http';
import type { Config } from '../../src/platform/config/config.ts';

export type RawAnswer = { status: number; headers: Record<string, string>; text: string };

/**
 * One request exactly as given: path (or whole request target), headers and bytes that no well-mannered
 * client would send. A connection that the hub ends without an answer rejects.
 */
export function sendRaw(
  hub: { url: string; config: Config },
  target: string,
  options: {
    method?: string;
    headers?: Record<string, string | string[]>;
    body?: string | Buffer;
  } = {},
): Promise<RawAnswer> {
  const { host } = new URL(hub.url);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: hub.config.listen.port,
        path: target,
        method: options.method ?? 'GET',
        agent: false,
        headers: { host, accept: 'text/html', ...options.headers },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers as Record<string, string>,
            text: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(options.body);
  });
}

/** A form's body, as `sendRaw` takes it. */
export function asForm(fields: Record<string, string> | string) {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: typeof fields === 'string' ? fields : new URLSearchParams(fields).toString(),
  };
}
