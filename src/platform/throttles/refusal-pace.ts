import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds: more than most refusals take when nothing else goes on, less than anybody notices. */
const STEP = 50;
const REMEMBERED = 31;

/**
 * How long refusals take: what was looked up for one of them, and how dear a hash was, is not to show by the
 * time of the answer (invariant 6).
 */
export type RefusalPace = {
  /** Milliseconds that a step has from now on, at the least; 0 where nothing asks for more than the usual. */
  hold(milliseconds: number): void;
  heldTo(): number;
  /**
   * Resolves at a whole number of steps after `started`.
   * @param started when the request came, by `performance.now()`
   */
  keep(started: number): Promise<void>;
  /** The same for a refusal that stands before any work: as one of the last ones that came of it would. */
  pretend(started: number): Promise<void>;
};

export function createRefusalPace(): RefusalPace {
  let held = 0;
  /** Steps that the last refusals took, which did their work. */
  const taken: number[] = [];
  const stepLength = () => Math.max(STEP, held);

  function stepsSince(started: number): number {
    return Math.max(1, Math.ceil((performance.now() - started) / stepLength()));
  }

  async function until(started: number, steps: number): Promise<void> {
    await delay(Math.max(0, started + steps * stepLength() - performance.now()));
  }

  return {
    hold(milliseconds) {
      if (milliseconds !== held) taken.length = 0;
      held = milliseconds;
    },
    heldTo: () => held,
    async keep(started) {
      const steps = stepsSince(started);
      taken.push(steps);
      if (taken.length > REMEMBERED) taken.shift();
      await until(started, steps);
    },
    async pretend(started) {
      // One of the last: a fixed number would stand out among numbers that vary.
      const like = taken[Math.floor(Math.random() * taken.length)] ?? 1;
      await until(started, Math.max(like, stepsSince(started)));
    },
  };
}
