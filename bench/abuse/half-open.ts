import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { quantile } from '../stats.ts';

/** Ways to hold a connection without ever asking anything, or without ever taking the answer. */
const KINDS = {
  'nothing sent': () => '',
  'half a request line': () => 'GET /c/lieu',
  'half the headers': (host: string) => `GET / HTTP/1.1\r\nHost: ${host}\r\nX-A: `,
  'half a body': (host: string, path: string) =>
    `POST ${path}/login HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\na=b`,
  'half a body for the protocol': (host: string, path: string) =>
    `POST ${path}/oidc/token HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\na=b`,
  'answers not read': (host: string, path: string) =>
    `GET ${path}/login HTTP/1.1\r\nHost: ${host}\r\n\r\n`.repeat(20),
} satisfies Record<string, (host: string, path: string) => string>;

/**
 * Opens connections of each kind and holds them, whatever the hub says, and counts which of them it still
 * has open after a while; meanwhile somebody who behaves asks for a page again and again.
 * @param after seconds at which to count
 */
export async function measureHalfOpen(
  issuer: string,
  { connections, after, pid }: { connections: number; after: number[]; pid: () => Promise<number> },
) {
  const { hostname, port, host, pathname } = new URL(issuer);
  const results: Record<string, unknown>[] = [];
  for (const [kind, text] of Object.entries(KINDS)) {
    const sockets: Socket[] = [];
    for (let n = 0; n < connections; n += 1) {
      // A client that never closes its own side, as an attacker's would not.
      const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
      socket.on('error', () => {});
      socket.once('connect', () => socket.write(text(host, pathname)));
      socket.pause();
      sockets.push(socket);
      if (n % 100 === 0) await delay(5);
    }
    const started = performance.now();
    const waits: number[] = [];
    let refused = 0;
    const open: Record<string, number> = {};
    for (const second of after) {
      while (performance.now() - started < second * 1000) {
        const from = performance.now();
        const ok = await fetch(`${issuer}/login`, { signal: AbortSignal.timeout(5_000) }).then(
          (answer) => answer.text().then(() => answer.status === 200),
          () => false,
        );
        if (ok) waits.push(performance.now() - from);
        else refused += 1;
        await delay(100);
      }
      open[`${second} s`] = await pid();
    }
    for (const socket of sockets) socket.destroy();
    await delay(500);
    const row = { kind, open, p50: quantile(waits, 0.5), p99: quantile(waits, 0.99), refused };
    console.log(
      `  ${kind}: open ${JSON.stringify(open)}; others ${row.p50.toFixed(1)} ms (99 %: ${row.p99.toFixed(1)} ms), ${refused} not served`,
    );
    results.push(row);
  }
  return results;
}
