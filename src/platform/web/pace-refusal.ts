import type { Context } from 'koa';
import type { RefusalPace } from '../throttles/refusal-pace.ts';

/**
 * Has the answer at hand leave as all refusals of its kind do, whatever was done for it.
 * @param how `worked`: it was looked into; `spared`: it was refused before
 */
export function paceRefusal(ctx: Context, how: 'worked' | 'spared'): void {
  ctx.state.refusal = how;
}

/**
 * Waits until the answer may leave.
 * @param started when the request came, by `performance.now()`
 */
export async function waitForPace(ctx: Context, pace: RefusalPace, started: number): Promise<void> {
  if (ctx.state.refusal === 'worked') await pace.keep(started);
  else if (ctx.state.refusal === 'spared') await pace.pretend(started);
}
