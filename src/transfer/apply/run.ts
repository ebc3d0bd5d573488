import { isDeepStrictEqual } from 'node:util';
import type { Transaction } from '../../platform/database/database.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import type { Report } from './faults.ts';
import type { ChangeLog } from './plan.ts';
import type { PasswordDesk } from './resolve-password-hashes.ts';

/** What every step of one run shares. */
export type ApplyRun = {
  tx: Transaction;
  sealer: Sealer;
  passwords: PasswordDesk;
  log: ChangeLog;
  /** Tells a fault that only the database shows; the run goes on to find others, and then rolls back. */
  report: Report;
  /** Base URL of the hub, without a trailing slash. */
  hubUrl: string;
  prune: boolean;
};

/** Keys whose values differ, in the order of `after`. */
export function changedKeys<Row extends object>(before: Row, after: Row): (keyof Row & string)[] {
  return (Object.keys(after) as (keyof Row & string)[]).filter(
    (key) => !isDeepStrictEqual(before[key], after[key]),
  );
}

const BATCH = 5_000;

/** Runs work on a few thousand items at a time, so that no statement carries a whole city. */
export async function inBatches<Item>(
  items: readonly Item[],
  work: (batch: Item[]) => Promise<unknown>,
): Promise<void> {
  for (let start = 0; start < items.length; start += BATCH) {
    await work(items.slice(start, start + BATCH));
  }
}
