import type { Place } from './admission.ts';

/**
 * Runs work of those who have a place.
 * @throws what the place's signal says, when the place was lost while the work waited
 */
export type FairTurns = <Result>(place: Place, work: () => Promise<Result>) => Promise<Result>;

type Waiting = { place: Place; start(): void };
/** By asker; whose turn it is next stands first. */
type Line = Map<string, Waiting[]>;

/**
 * Tenants have their turns one after the other, however much one of them has brought; and so have those who
 * ask, within each: whoever comes with one piece of work waits for one of each of the others.
 * @param width pieces of work that run at once
 */
export function createFairTurns(width: number): FairTurns {
  const lines = new Map<string, Line>();
  let free = width;

  function wait(place: Place): Promise<void> {
    const { tenant, asker } = place.claimant;
    const line = lines.get(tenant) ?? new Map();
    const own = line.get(asker) ?? [];
    return new Promise((resolve, reject) => {
      const lost = () => {
        drop(waiting);
        reject(place.signal.reason);
      };
      const waiting: Waiting = {
        place,
        start() {
          place.signal.removeEventListener('abort', lost);
          place.isWorking = true;
          resolve();
        },
      };
      place.signal.addEventListener('abort', lost, { once: true });
      own.push(waiting);
      line.set(asker, own);
      lines.set(tenant, line);
    });
  }

  function drop(waiting: Waiting): void {
    const { tenant, asker } = waiting.place.claimant;
    const line = lines.get(tenant);
    const own = line?.get(asker);
    if (line === undefined || own === undefined) return;
    own.splice(own.indexOf(waiting), 1);
    if (own.length === 0) line.delete(asker);
    if (line.size === 0) lines.delete(tenant);
  }

  /** Takes the next in line, and puts its tenant and its asker at the end. */
  function takeNext(): Waiting | undefined {
    const [first] = lines;
    if (first === undefined) return undefined;
    const [tenant, line] = first;
    const [[asker, own]] = line as unknown as [[string, Waiting[]]];
    const next = own.shift();
    line.delete(asker);
    if (own.length > 0) line.set(asker, own);
    lines.delete(tenant);
    if (line.size > 0) lines.set(tenant, line);
    return next;
  }

  return async (place, work) => {
    place.signal.throwIfAborted();
    if (free > 0) {
      free -= 1;
      place.isWorking = true;
    } else await wait(place);
    try {
      return await work();
    } finally {
      place.isWorking = false;
      const next = takeNext();
      if (next === undefined) free += 1;
      else next.start();
    }
  };
}
