// Another client, in a process of its own: searches again and again, and tells how long that took.
import { setTimeout } from 'node:timers/promises';
import { connectLdap } from './ldap-client.ts';

export type Observed = { searches: number; p50: number; p99: number; worst: number };

const [port, dn, password, base] = process.argv.slice(2) as [string, string, string, string];
const client = await connectLdap({ host: '127.0.0.1', port: Number(port) });
const bound = await client.bind(dn, password);
if (bound.code !== 0) throw new Error(`the observer was refused: ${bound.code}`);

let times: number[] = [];
process.on('message', () => {
  process.send?.(summary(times));
  times = [];
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
for (;;) {
  const started = performance.now();
  const { code, entries } = await client.search(base, '(uid=alice)');
  if (code !== 0 || entries.length !== 1) throw new Error(`the observer got ${code}`);
  times.push(performance.now() - started);
  await setTimeout(2);
}

/** Milliseconds, to a hundredth. */
function summary(all: number[]): Observed {
  const sorted = all.toSorted((a, b) => a - b);
  const at = (part: number) => {
    const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
    return Math.round((value ?? 0) * 100) / 100;
  };
  return { searches: sorted.length, p50: at(0.5), p99: at(0.99), worst: at(1) };
}
