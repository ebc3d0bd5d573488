import { describe, expect, it } from 'vitest';
import { createRefusalPace } from '../src/platform/throttles/refusal-pace.ts';

/** How long something waits for, in milliseconds, at the least: timers count whole ones, and a machine may be busy. */
async function waited(act: (started: number) => Promise<void>, ago = 0): Promise<number> {
  const started = performance.now() - ago;
  await act(started);
  return performance.now() - started + 2;
}

describe('a refusal', () => {
  it('leaves after a whole step, and after the next one when it took longer', async () => {
    const pace = createRefusalPace();
    expect(await waited(pace.keep)).toBeGreaterThanOrEqual(50);
    expect(await waited(pace.keep, 60)).toBeGreaterThanOrEqual(100);
  });

  it('that was spared the work leaves as those that were not have left', async () => {
    const pace = createRefusalPace();
    expect(await waited(pace.pretend)).toBeGreaterThanOrEqual(50);
    for (let time = 0; time < 31; time += 1) await pace.keep(performance.now() - 170);
    expect(await waited(pace.pretend)).toBeGreaterThanOrEqual(200);
  });

  it('is held to longer steps while something dear has to be hidden, and no longer then', async () => {
    const pace = createRefusalPace();
    pace.hold(300);
    expect(pace.heldTo()).toBe(300);
    for (const wait of [pace.keep, pace.pretend]) {
      expect(await waited(wait)).toBeGreaterThanOrEqual(300);
      expect(await waited(wait, 310)).toBeGreaterThanOrEqual(600);
    }
    pace.hold(0);
    expect(pace.heldTo()).toBe(0);
  });
});
