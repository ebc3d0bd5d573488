import { examineKeys } from '../../domain/sealed-values/admit-keys.ts';
import type { Config } from '../../platform/config/config.ts';
import type { Database } from '../../platform/database/database.ts';
import { keySource } from '../../platform/secrets/secret-file.ts';
import { plural } from '../output.ts';
import { type Finding, fail, ok } from './finding.ts';

/**
 * Opens every sealed value with the configured keys: one that does not open is lost to the hub.
 * @throws SealingKeyError when the key is missing, or another's
 */
export async function checkSealed(config: Config, database: Database): Promise<Finding[]> {
  const { total, lostCount, lost, isNew } = await examineKeys(config, database);
  // A key that is not there yet is made at the first start.
  if (isNew || total === 0) return [ok('nothing is sealed yet')];
  if (lostCount === 0) return [ok(`the sealing key opens ${plural(total, 'sealed value')}`)];
  const findings = lost.map((what) =>
    fail(`${what} does not open with ${keySource(config)}; give the key it was sealed with, too`),
  );
  const others = lostCount - lost.length;
  return others === 0
    ? findings
    : [...findings, fail(`nor do ${plural(others, 'other sealed value')}`)];
}
