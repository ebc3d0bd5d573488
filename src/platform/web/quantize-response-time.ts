import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from 'koa';

/** Milliseconds: more than a refusal takes when nothing else goes on, less than anybody notices. */
const STEP = 50;

/** Has the answer at hand leave at a whole number of steps after its request came. */
export function leaveEvenly(ctx: Context): void {
  ctx.state.leavesEvenly = true;
}

/**
 * Waits until an answer may leave that is to tell nothing by its time: what another row read or a line more
 * in the audit trail took does not show (invariant 6).
 * @param started when the request came, by `performance.now()`
 */
export async function waitForStep(ctx: Context, started: number): Promise<void> {
  if (ctx.state.leavesEvenly !== true) return;
  const passed = performance.now() - started;
  await delay(Math.ceil(passed / STEP) * STEP - passed);
}
