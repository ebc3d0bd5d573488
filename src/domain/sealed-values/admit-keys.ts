import type { Config } from '../../platform/config/config.ts';
import type { Database, Queryable, Transaction } from '../../platform/database/database.ts';
import {
  compareKeys,
  type KeyChecks,
  newKeyCheck,
  readKeyChecks,
  writeKeyChecks,
} from '../../platform/secrets/key-checks.ts';
import { createSealer, type Sealer } from '../../platform/secrets/sealer.ts';
import { keySource, makeSecretFile, readSecrets } from '../../platform/secrets/secret-file.ts';
import { holdsSealed, type Survey, surveySealed } from './survey-sealed.ts';

/** The configured keys are not those that the database was sealed with; the message says where to look. */
export class SealingKeyError extends Error {
  override readonly name = 'SealingKeyError';
}

/**
 * The sealing keys, newest first, once they have proved to be this database's. A new hub gets its key here;
 * a database that was sealed with a key that is gone never does.
 * @throws ConfigurationError when none are given and none may be made
 * @throws SealingKeyError when they do not open what is sealed
 */
export async function loadSealingKeys(config: Config, database: Database): Promise<string[]> {
  const given = await readSecrets(config);
  if (given === undefined && (await wasSealed(database))) throw missingFile(config);
  const secrets = given ?? (await makeSecretFile(config));
  await admitKeys(database, createSealer(secrets), keySource(config));
  return secrets;
}

/**
 * What is wrong with the configured keys, for this database; nothing is made or stored.
 * @throws ConfigurationError, SealingKeyError
 */
export async function examineKeys(
  config: Config,
  database: Database,
): Promise<Survey & { isNew: boolean }> {
  const given = await readSecrets(config);
  if (given === undefined) {
    if (await wasSealed(database)) throw missingFile(config);
    return { total: 0, lostCount: 0, lost: [], isNew: true };
  }
  const sealer = createSealer(given);
  const survey = await database.transaction((tx) => surveySealed(tx, sealer));
  const { known, missing } = compareKeys(await readKeyChecks(database), sealer);
  if (survey.lostCount === 0 && known.length === 0 && missing.length > 0) {
    throw wrongKey(keySource(config), missing);
  }
  return { ...survey, isNew: false };
}

/** Whether a process with these keys can serve this database: they open it, and it knows what they seal. */
export async function keysFit(db: Queryable, sealer: Sealer): Promise<boolean> {
  const checks = await readKeyChecks(db);
  if (Object.keys(checks).length === 0) return true;
  const { missing, sealsWithKnown } = compareKeys(checks, sealer);
  return missing.length === 0 && sealsWithKnown;
}

async function admitKeys(database: Database, sealer: Sealer, source: string): Promise<void> {
  // Nearly always the answer, without a lock.
  const checks = await readKeyChecks(database);
  if (Object.keys(checks).length > 0 && (await keysFit(database, sealer))) return;
  await database.transaction(async (tx) => {
    // Of two processes that bring different keys to a new database, the second finds the first one's.
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('key-checks', 0))`);
    await writeKeyChecks(tx, await settle(tx, sealer, source));
  });
}

async function settle(tx: Transaction, sealer: Sealer, source: string): Promise<KeyChecks> {
  const checks = await readKeyChecks(tx);
  const { known, missing } = compareKeys(checks, sealer);
  if (known.length === 0 && missing.length > 0) throw wrongKey(source, missing);
  // An older hub kept no checks; and a key may go once nothing is sealed with it any more.
  if (known.length === 0 || missing.length > 0) {
    const survey = await surveySealed(tx, sealer);
    if (survey.lostCount > 0) throw lostValues(source, missing, survey);
  }
  const kept = Object.fromEntries(known.map((id) => [id, checks[id] as KeyChecks[string]]));
  return { ...newKeyCheck(sealer), ...kept };
}

async function wasSealed(database: Database): Promise<boolean> {
  if (Object.keys(await readKeyChecks(database)).length > 0) return true;
  return database.transaction((tx) => holdsSealed(tx));
}

function missingFile({ secretFile }: Config): SealingKeyError {
  return new SealingKeyError(
    `the file of the sealing key, ${secretFile}, is missing, and what the database holds is sealed with it: ` +
      'bring it back from a backup; a new key would open nothing',
  );
}

function wrongKey(source: string, missing: readonly string[]): SealingKeyError {
  return new SealingKeyError(
    `${source} holds no key that this database was sealed with (${missing.join(', ')}): bring back its key, ` +
      'or, to change keys, give the new one in front of it',
  );
}

function lostValues(
  source: string,
  missing: readonly string[],
  { lostCount, total, lost }: Survey,
): SealingKeyError {
  const key = missing.length > 0 ? ` (${missing.join(', ')})` : '';
  return new SealingKeyError(
    `${source} lacks a key${key} that ${lostCount} of ${total} sealed values need, such as ${lost[0]}: ` +
      'give that key behind the newest one',
  );
}
