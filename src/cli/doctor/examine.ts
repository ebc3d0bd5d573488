import { openHubDatabase } from '../../platform/database/open-hub-database.ts';
import { describeError } from '../describe-error.ts';
import { commandLog, loadConfig } from '../with-hub.ts';
import { checkCommunities } from './check-communities.ts';
import { checkConfiguration } from './check-configuration.ts';
import { checkDatabase } from './check-database.ts';
import { checkFeed } from './check-feed.ts';
import { checkLdapListeners, checkLdapTrees } from './check-ldap.ts';
import { checkMail } from './check-mail.ts';
import { checkOutbox } from './check-outbox.ts';
import { checkSealed } from './check-sealed.ts';
import { type Finding, fail, ok } from './finding.ts';

/** Each check stands alone: one that fails hides nothing that can still be looked at. */
export async function examine(): Promise<Finding[]> {
  const findings = [checkNode()];
  const config = await attempt(findings, 'the configuration', loadConfig);
  if (config === undefined) return findings;
  findings.push(...checkConfiguration(config));
  findings.push(...((await attempt(findings, 'LDAP', () => checkLdapListeners(config))) ?? []));
  findings.push(...((await attempt(findings, 'mail', () => checkMail(config))) ?? []));
  const opened = await attempt(findings, 'the database', () =>
    openHubDatabase(config, { purpose: 'command', log: commandLog }),
  );
  if (opened === undefined) return findings;
  try {
    const { database } = opened;
    const result = await attempt(findings, 'the database', () => checkDatabase(database));
    findings.push(...(result?.findings ?? []));
    findings.push(
      ...((await attempt(findings, 'the change feed', () => checkFeed(database))) ?? []),
    );
    if (!result?.hasSchema) return findings;
    const checks = {
      'the sealing key': () => checkSealed(config, database),
      'the communities': () => checkCommunities(database),
      'the LDAP trees': () => checkLdapTrees(database),
      'the outbox': () => checkOutbox(database),
    };
    for (const [what, check] of Object.entries(checks)) {
      findings.push(...((await attempt(findings, what, check)) ?? []));
    }
    return findings;
  } finally {
    await opened.close();
  }
}

function checkNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const fits = major > 22 || (major === 22 && minor >= 18);
  return fits
    ? ok(`Node ${process.versions.node}`)
    : fail(`Node ${process.versions.node} is too old; 22.18 or newer is needed`);
}

/** What a check throws is a finding. */
async function attempt<Result>(
  findings: Finding[],
  what: string,
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    const { reason, faults } = describeError(error);
    for (const text of faults.length > 0 ? faults : [reason])
      findings.push(fail(`${what}: ${text}`));
    return undefined;
  }
}
