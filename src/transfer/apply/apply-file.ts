import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Database, sqlState, type Transaction } from '../../platform/database/database.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import { decodeText, EncodingError } from '../../platform/text/whole-text.ts';
import {
  applyCommunities,
  archiveOthers,
  type CommunityToApply,
  lockCommunities,
  logCommunity,
  type SettledCommunity,
} from './apply-communities.ts';
import { applyGroups } from './apply-groups.ts';
import { applyManagers } from './apply-managers.ts';
import { applyMembers } from './apply-members.ts';
import { applyNestings } from './apply-nestings.ts';
import { applyOperatorReaders } from './apply-operator-readers.ts';
import { applyOperators } from './apply-operators.ts';
import { applyPosix } from './apply-posix.ts';
import { applyServices } from './apply-services.ts';
import { passwordQuestions, storedHashes } from './ask-passwords.ts';
import { ApplyError } from './faults.ts';
import { type FreedServices, freeNames } from './free-names.ts';
import { logGroups, logRemovedGroups } from './log-group.ts';
import { readLogo } from './logo.ts';
import { type ParsedFile, parseFile, throwFaults } from './parse-file.ts';
import { createChangeLog, type Plan, toPlan } from './plan.ts';
import { pruneGroups } from './prune-groups.ts';
import { createPasswordDesk, type PasswordDesk, settleAll } from './resolve-password-hashes.ts';
import type { ApplyRun } from './run.ts';

export type ApplyOptions = {
  path: string;
  /** Base URL of the hub. */
  hubUrl: string;
  /** Where `{env: NAME}` looks. */
  env: NodeJS.ProcessEnv;
  /** Computes the same plan, and leaves the hub as it was. */
  dryRun?: boolean;
  /** Takes away what the lists of the file do not name. */
  prune?: boolean;
  /** Called with a line now and then, where the work takes long. */
  onProgress?: (line: string) => void;
};

/** Any constant: two runs at once take turns. */
const APPLY_LOCK = 7_203_515;

/**
 * Brings the hub to what a declarative file says (docs/apply.md), in one transaction: all of it, or
 * nothing. A second run changes nothing.
 * @throws ApplyError with every fault of the file; nothing was changed
 */
export async function applyFile(
  database: Database,
  sealer: Sealer,
  options: ApplyOptions,
): Promise<Plan> {
  const hubUrl = options.hubUrl.replace(/\/+$/, '');
  const dryRun = options.dryRun ?? false;
  const file = parseFile(options.path, await readText(options.path), hubUrl, options.env);
  const communities = await readLogos(options.path, file);
  const passwords = createPasswordDesk(dryRun);
  const onProgress = options.onProgress ?? (() => {});
  await settleAll(
    passwords,
    passwordQuestions(file.document),
    await storedHashes(database, file.document),
    onProgress,
  );
  const parts = { sealer, hubUrl, passwords, prune: options.prune ?? false, dryRun };
  return transact(database, options.path, (tx) => applyAll(tx, file, communities, parts));
}

async function readText(path: string): Promise<string> {
  try {
    return decodeText(await readFile(path));
  } catch (error) {
    if (error instanceof EncodingError) {
      const { line, column, message } = error;
      throw new ApplyError([
        { file: path, line, column, path: '', message: `the file ${message}` },
      ]);
    }
    const { code } = error as NodeJS.ErrnoException;
    const reason =
      code === 'ENOENT' ? 'there is no such file' : `the file cannot be read (${code})`;
    throw wholeFileError(path, reason);
  }
}

async function readLogos(
  path: string,
  { document, source }: ParsedFile,
): Promise<CommunityToApply[]> {
  const communities: CommunityToApply[] = [];
  for (const [index, entry] of (document.communities ?? []).entries()) {
    const name = entry.branding?.logo;
    const logo = typeof name === 'string' ? await readLogo(name, dirname(path)) : name;
    if (logo !== undefined && logo !== null && 'fault' in logo) {
      source.report(['communities', index, 'branding', 'logo'], logo.fault);
    } else {
      communities.push({ entry, path: ['communities', index], logo });
    }
  }
  throwFaults(source);
  return communities;
}

type Parts = {
  sealer: Sealer;
  hubUrl: string;
  passwords: PasswordDesk;
  prune: boolean;
  dryRun: boolean;
};

async function applyAll(
  tx: Transaction,
  file: ParsedFile,
  communities: CommunityToApply[],
  parts: Parts,
): Promise<Plan> {
  const { document, source } = file;
  const log = createChangeLog();
  const run: ApplyRun = { ...parts, tx, log, report: source.report };
  await tx.query('SELECT pg_advisory_xact_lock($1)', [APPLY_LOCK]);
  if (document.operators !== undefined) await applyOperators(run, document.operators);
  if (document.operatorReaders !== undefined) {
    await applyOperatorReaders(run, document.operatorReaders);
  }
  if (document.communities !== undefined) await applyEveryCommunity(run, communities);
  throwFaults(source);
  const plan = toPlan(log, parts.dryRun);
  if (parts.dryRun) throw new DryRun(plan);
  return plan;
}

async function applyEveryCommunity(run: ApplyRun, wanted: CommunityToApply[]): Promise<void> {
  const rows = await lockCommunities(run);
  const freed = await freeNames(run, rows, wanted);
  for (const community of await applyCommunities(run, rows, wanted)) {
    logCommunity(run, community);
    await applyContents(run, community, freed.get(community.row.id));
  }
  if (run.prune) await archiveOthers(run, rows, new Set(wanted.map(({ entry }) => entry.slug)));
}

async function applyContents(
  run: ApplyRun,
  community: SettledCommunity,
  freed: FreedServices | undefined,
): Promise<void> {
  const { groups, saved } = await applyGroups(run, community);
  // Numbers are given out of the range that the file gives.
  await applyPosix(run, community, groups);
  // Whoever is in a group goes out with it: that is one change, as by a command.
  const gone = await pruneGroups(run, community);
  logGroups(run, community, saved, await applyNestings(run, community, groups));
  const areThere = await applyMembers(run, community, groups);
  if (areThere) await applyManagers(run, community, groups);
  await applyServices(run, community, groups, freed);
  logRemovedGroups(run, community, gone);
}

/** Ends the transaction of a dry run, so that nothing of it is kept. */
class DryRun extends Error {
  readonly plan: Plan;
  constructor(plan: Plan) {
    super('dry run');
    this.plan = plan;
  }
}

async function transact(
  database: Database,
  path: string,
  work: (tx: Transaction) => Promise<Plan>,
): Promise<Plan> {
  try {
    return await database.transaction(work);
  } catch (error) {
    if (error instanceof DryRun) return error.plan;
    // Unique, exclusion or foreign key, serialisation, deadlock: someone changed the same rows in the same moment.
    if (['23505', '23P01', '23503', '40001', '40P01'].includes(sqlState(error) ?? '')) {
      throw wholeFileError(
        path,
        'the hub was changed at the same moment, so nothing was applied: run it again',
        error,
      );
    }
    throw error;
  }
}

function wholeFileError(file: string, message: string, cause?: unknown): ApplyError {
  const error = new ApplyError([{ file, line: 1, column: 1, path: '', message }]);
  error.cause = cause;
  return error;
}
