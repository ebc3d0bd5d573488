import { describe, expect, it } from 'vitest';
import { TooManyError } from '../src/platform/errors/too-many-error.ts';
import { createFloodGuard } from '../src/platform/throttles/flood-guard.ts';

function guard(limits = {}) {
  let time = 1_000_000;
  const floods = createFloodGuard({
    limits: {
      window: 600,
      network: 3,
      neighbourhood: 5,
      member: 2,
      app: 4,
      strangers: 6,
      ...limits,
    },
    now: () => time,
  });
  return {
    ...floods,
    pass: (seconds: number) => {
      time += seconds * 1000;
    },
    admits: (storer: Parameters<typeof floods.admit>[0]) => {
      try {
        floods.admit(storer, 1);
        return true;
      } catch (error) {
        if (error instanceof TooManyError) return error.retryAfterSeconds;
        throw error;
      }
    },
  };
}

describe('what strangers have stored', () => {
  it('is bounded for a network, and its neighbourhood, which say when there is room again', () => {
    const { admits, pass } = guard();
    expect([1, 2, 3].map(() => admits({ ip: '192.0.2.1' }))).toEqual([true, true, true]);
    pass(100);
    expect(admits({ ip: '192.0.2.1' })).toBe(500);
    expect([1, 2].map(() => admits({ ip: '192.0.2.2' }))).toEqual([true, true]);
    expect(admits({ ip: '192.0.2.3' })).toBe(500);
    expect(admits({ ip: '198.51.100.1' })).toBe(true);
    pass(501);
    expect(admits({ ip: '192.0.2.1' })).toBe(true);
  });

  it('is counted by the whole network that a household has of IPv6', () => {
    const { admits } = guard();
    const own = ['2001:db8::1', '2001:db8::2', '2001:db8::ffff:1', '2001:db8:0:0:a::'];
    expect(own.map((ip) => admits({ ip }))).toEqual([true, true, true, 600]);
    expect(admits({ ip: '2001:db8:0:1::1' })).toBe(true);
  });

  it('takes nothing from members and apps, who have bounds of their own', () => {
    const { admits } = guard();
    for (let n = 0; n < 9; n += 1) admits({ ip: '192.0.2.1' });
    expect([1, 2, 3].map(() => admits({ member: 'a' }))).toEqual([true, true, 600]);
    expect(admits({ member: 'b' })).toBe(true);
    expect([1, 2, 3, 4, 5].map(() => admits({ app: 'a' }))).toEqual([true, true, true, true, 600]);
  });

  it('is a flood when it is very much altogether, until the window has passed', () => {
    const { admits, isFlooded, pass } = guard();
    for (let n = 1; n <= 7; n += 1) {
      expect(isFlooded()).toBe(false);
      expect(admits({ ip: `10.${n}.0.1` })).toBe(true);
    }
    expect(isFlooded()).toBe(true);
    expect(admits({ ip: '10.9.0.1' })).toBe(true);
    pass(601);
    expect(isFlooded()).toBe(false);
  });
});
