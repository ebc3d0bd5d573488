import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the ports that systems give to outgoing connections, which could take one before it is used. */
const FIRST = 10_000;
const EACH = 1_000;

/** In turn from here on: two who ask at once get two ports. */
let turn = randomInt(EACH);

/** A port of the loopback that nobody listens on, from the range of this worker of the test run. */
export async function freePort(): Promise<number> {
  const worker = Number(process.env.VITEST_POOL_ID ?? 0) % 20;
  for (;;) {
    turn = (turn + 1) % EACH;
    const port = FIRST + worker * EACH + turn;
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
