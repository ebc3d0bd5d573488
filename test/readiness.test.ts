import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createReadiness } from '../src/platform/web/readiness.ts';

const log = pino({ level: 'silent' });

test('however many ask whether the hub is ready, it is looked up once, and anew a while later', async () => {
  let looks = 0;
  let fault: string | undefined;
  const readiness = createReadiness(
    async () => {
      looks += 1;
      return fault;
    },
    log,
    { keepMs: 200 },
  );
  const answers = await Promise.all(Array.from({ length: 500 }, readiness));
  expect([new Set(answers), looks]).toEqual([new Set([undefined]), 1]);
  fault = 'sealing key missing';
  await expect.poll(readiness).toBe('sealing key missing');
});

test('a look that fails or does not end is a no, and no other begins beside it', async () => {
  const failing = createReadiness(() => Promise.reject(new Error('away')), log);
  expect(await failing()).toBe('database unavailable');
  let looks = 0;
  const hanging = createReadiness(
    () => {
      looks += 1;
      return new Promise(() => {});
    },
    log,
    { latestMs: 20 },
  );
  for (let ask = 0; ask < 5; ask += 1) expect(await hanging()).toBe('database unavailable');
  expect(looks).toBe(1);
});
