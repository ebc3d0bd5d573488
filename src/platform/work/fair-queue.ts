import { BusyError } from '../errors/busy-error.ts';

/**
 * Runs work for an owner.
 * @throws BusyError when too much waits already, of everybody or of this owner
 */
export type FairQueue = <Result>(owner: string, work: () => Promise<Result>) => Promise<Result>;

/**
 * A queue in which owners have their turns one after the other, however much one of them has brought:
 * somebody who comes with one piece waits for one of each of the others.
 * @param width pieces of work that run at once
 */
export function createFairQueue(options: {
  width: number;
  waiting: number;
  waitingOfOwner: number;
}): FairQueue {
  /** Whose turn it is next stands first. */
  const waiting = new Map<string, (() => void)[]>();
  let count = 0;
  let free = options.width;

  function wait(owner: string): Promise<void> {
    const own = waiting.get(owner) ?? [];
    if (count >= options.waiting || own.length >= options.waitingOfOwner)
      throw new BusyError('too much work is waiting');
    count += 1;
    waiting.set(owner, own);
    return new Promise((resolve) => own.push(resolve));
  }

  function startNext(): void {
    const [next] = waiting;
    if (next === undefined) {
      free += 1;
      return;
    }
    const [owner, own] = next;
    const start = own.shift();
    count -= 1;
    waiting.delete(owner);
    if (own.length > 0) waiting.set(owner, own);
    start?.();
  }

  return async (owner, work) => {
    if (free > 0) free -= 1;
    else await wait(owner);
    try {
      return await work();
    } finally {
      startNext();
    }
  };
}
