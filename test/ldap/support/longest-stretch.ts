import { setImmediate } from 'node:timers/promises';

/**
 * Milliseconds that this thread, which is the hub's, worked without looking at anything else, at the longest:
 * of its own processor time, so that what else goes on in the machine does not count.
 */
export async function longestStretch(act: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let isOver = false;
  const over = act().finally(() => {
    isOver = true;
  });
  while (!isOver) {
    const before = process.threadCpuUsage();
    await setImmediate();
    const { user, system } = process.threadCpuUsage(before);
    longest = Math.max(longest, (user + system) / 1_000);
  }
  await over;
  return longest;
}
