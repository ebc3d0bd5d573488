import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { newPasswordFault } from '../src/domain/people/password-rule.ts';
import { createStrengthMeter } from '../src/domain/people/password-strength.ts';
import { BusyError } from '../src/platform/errors/busy-error.ts';

const meter = createStrengthMeter();
afterAll(() => meter.stop());

const words = [
  'Zoé Le Guellec',
  'zoe',
  'zoe.leguellec@jardins.example',
  'Les Jardins d’Olt',
  'olt',
];
const fault = (password: string, secondFactor = false) =>
  newPasswordFault(meter, password, { words, secondFactor });

describe('a new password', () => {
  it.each([
    'le chat dort sur la table',
    'correct horse battery staple',
    'sept-oignons-et-une-brouette',
    'كلمة سر طويلة بما يكفي لنا',
    'k3m9-xw2q-7hfr-pdzt-6nvb',
    '!%&/()=?+*#~<>|',
  ])('%j is taken: length counts, what it is made of does not', async (password) => {
    expect(await fault(password)).toBeUndefined();
  });

  it.each([
    ['', 'missing'],
    ['quatorze-signe', 'too-short'],
    ['é'.normalize('NFD').repeat(10), 'too-short'],
    ['azertyuiopqsdfgh', 'guessable'],
    ['motdepassemotdepasse', 'guessable'],
    ['aaaaaaaaaaaaaaaaaaaa', 'guessable'],
    ['password123456789', 'guessable'],
    ['12345678901234567890', 'guessable'],
    ['password password', 'guessable'],
    ['bonjour, bonjour !', 'guessable'],
    ['p-a-s-s-w-o-r-d-1-2-3', 'guessable'],
    ['p4$$w0rdp4$$w0rd', 'guessable'],
    ['ZoéLeGuellec2026', 'names'],
    ['leguellec jardins olt', 'names'],
    ['x'.repeat(1025), 'too-long'],
  ])('%j is refused: %s', async (password, expected) => {
    expect(await fault(password)).toBe(expected);
  });

  it('may be shorter where a second factor stands behind it', async () => {
    expect(await fault('vx7kq2mhbt', true)).toBeUndefined();
    expect(await fault('tg7-voi', true)).toBe('too-short-with-factor');
    expect(await fault('azerty12', true)).toBe('guessable');
  });

  it('is weighed beside the event loop, however long that takes', async () => {
    const noise = Array.from({ length: 40 }, (_, i) => String.fromCharCode(33 + ((i * 37) % 90)));
    await fault('le chat dort sur la table');
    let turns = 0;
    const counting = setInterval(() => {
      turns += 1;
    }, 1);
    expect(await fault(noise.join(''))).toBeUndefined();
    clearInterval(counting);
    expect(turns).toBeGreaterThan(20);
  });

  // The worst of some hundreds that a search came upon, and what is long.
  it.each([
    '816(084816(08413026816(084816|7é',
    '77127!71111168|77127!7111677127l',
    '77%27!71113168|77127!7111637027l',
    'r11pr11pbuwi-kmhnggxrjwqc1zn r11',
    '1l1lil1l2261112201l1l1l7_27v112m',
    '3737$l43737$l4137373731443413737',
    '()[]{}<>'.repeat(4),
    '1l'.repeat(16),
    '4n7!c0n57i7u7i0n3ll3m3n7-4@8({[<'.repeat(3),
  ])('%j takes no more than half a second of a processor to weigh', async (password) => {
    const many = Array.from({ length: 2_000 }, (_, i) => `nom${i}${'abcdefgh'.slice(i % 8)}`);
    await fault('le chat dort sur la table');
    const before = process.cpuUsage();
    await newPasswordFault(meter, password, { words: many });
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(500);
  });

  const SLOW = '816(084816(08413026816(084816|7é';
  const weighedBy = (hurried: typeof meter) => newPasswordFault(hurried, SLOW, { words });

  it('that is not weighed in time is not let through, and keeps nobody waiting', async () => {
    const hurried = createStrengthMeter({ waitMs: 1 });
    await expect(weighedBy(hurried)).rejects.toThrow(BusyError);
    await expect(weighedBy(hurried)).rejects.toThrow(BusyError);
    await hurried.stop();
  });

  it('has its turn by what it takes of a processor', async () => {
    const hurried = createStrengthMeter({ turnMs: 1 });
    if ('cpuUsage' in Worker.prototype) await expect(weighedBy(hurried)).rejects.toThrow(BusyError);
    await hurried.stop();
  });

  it('has no such turn where Node cannot tell that, as before 24.6: the clock alone ends it', async () => {
    const expected = await fault(SLOW);
    await whereNodeTells(undefined, async () => {
      const hurried = createStrengthMeter({ turnMs: 1 });
      expect(await weighedBy(hurried)).toBe(expected);
      await hurried.stop();
    });
  });

  it('ends by the clock where Node is long in telling that', async () => {
    const never = () => new Promise<NodeJS.CpuUsage>(() => {});
    await whereNodeTells(never, async () => {
      const hurried = createStrengthMeter({ waitMs: 1 });
      await expect(weighedBy(hurried)).rejects.toThrow(BusyError);
      await hurried.stop();
    });
  });
});

/** On this Node as on another one, which tells less of what a thread takes, or nothing. */
async function whereNodeTells(
  cpuUsage: Worker['cpuUsage'] | undefined,
  work: () => Promise<void>,
): Promise<void> {
  const own = Object.getOwnPropertyDescriptor(Worker.prototype, 'cpuUsage');
  Object.defineProperty(Worker.prototype, 'cpuUsage', { value: cpuUsage, configurable: true });
  try {
    await work();
  } finally {
    if (own === undefined) Reflect.deleteProperty(Worker.prototype, 'cpuUsage');
    else Object.defineProperty(Worker.prototype, 'cpuUsage', own);
  }
}
