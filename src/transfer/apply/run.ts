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

/** Ids of a community's groups, by the key of their name. */
export type GroupIds = ReadonlyMap<string, string>;
