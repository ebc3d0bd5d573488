import type { Config } from '../../platform/config/config.ts';
import { openHubDatabase } from '../../platform/database/open-hub-database.ts';
import { commandLog } from '../with-hub.ts';
import { attempt } from './attempt.ts';
import { checkCommunities } from './check-communities.ts';
import { checkDatabase } from './check-database.ts';
import { checkFeed } from './check-feed.ts';
import { checkLdapHosts, checkLdapTrees } from './check-ldap.ts';
import { checkOutbox } from './check-outbox.ts';
import { checkSealed } from './check-sealed.ts';
import type { Finding } from './finding.ts';

/** What the database shows, once it answers. */
export async function examineDatabase(config: Config): Promise<Finding[]> {
  const findings: Finding[] = [];
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
      'the LDAP hosts': () => checkLdapHosts(database, config),
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
