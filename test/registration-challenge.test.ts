import { randomUUID } from 'node:crypto';
import { type Challenge, solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { isSolved, issueChallenge } from '../src/platform/proof-of-work/challenge.ts';
import { createSealer } from '../src/platform/secrets/sealer.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { sealer } from './support/domain.ts';

const COMMUNITY = randomUUID();
let db: TestDatabase;
beforeAll(async () => {
  db = await cloneDatabase();
});
afterEach(() => vi.useRealTimers());
afterAll(() => db.drop());

const pack = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');

async function solve(challenge: Challenge) {
  const solution = await solveChallenge({ challenge, deriveKey });
  if (solution === null) throw new Error('not solved');
  return { challenge, solution };
}
const check = (payload: string | undefined, community = COMMUNITY, keys = sealer) =>
  isSolved({ database: db.database, sealer: keys }, community, payload);

it('counts once when it is solved, of two processes for one', async () => {
  const payload = pack(await solve(await issueChallenge(sealer, COMMUNITY)));
  const answers = await Promise.all([check(payload), check(payload)]);
  expect(answers.sort()).toEqual([false, true]);
  expect(await check(payload)).toBe(false);
});

it('counts in the community that gave it, under its keys', async () => {
  const solved = await solve(await issueChallenge(sealer, COMMUNITY));
  expect(await check(pack(solved), randomUUID())).toBe(false);
  const others = createSealer(['the sealing key of another hub, thirty-two characters']);
  expect(await check(pack(solved), COMMUNITY, others)).toBe(false);
  // While the key is rotated, what was given under the old one still counts.
  const both = createSealer([
    'a new sealing key of more than 32 characters',
    'a-sealing-key-of-more-than-32-characters',
  ]);
  expect(await check(pack(solved), COMMUNITY, both)).toBe(true);
});

it('counts for ten minutes', async () => {
  const solved = await solve(await issueChallenge(sealer, COMMUNITY));
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10 * 60_000 + 1_000 });
  expect(await check(pack(solved))).toBe(false);
});

it('cannot be made easier, lasting or another community’s by whoever solves it', async () => {
  const { challenge, solution } = await solve(await issueChallenge(sealer, COMMUNITY));
  const { parameters } = challenge;
  for (const change of [
    { cost: 1 },
    { keyPrefix: '00' },
    { keySignature: undefined },
    { keySignature: '00' },
    { expiresAt: (parameters.expiresAt as number) + 60 },
    { data: { community: randomUUID() } },
  ]) {
    const forged = { ...challenge, parameters: { ...parameters, ...change } };
    expect(await check(pack({ challenge: forged, solution })), JSON.stringify(change)).toBe(false);
  }
  const guess = { ...solution, derivedKey: parameters.keyPrefix.padEnd(64, '0') };
  expect(await check(pack({ challenge, solution: guess }))).toBe(false);
});

it.each([
  undefined,
  '',
  'x',
  '%%%',
  pack(null),
  pack([]),
  pack({ challenge: {}, solution: {} }),
  'A'.repeat(100_000),
])('is not solved by nonsense', async (payload) => {
  expect(await check(payload)).toBe(false);
});
