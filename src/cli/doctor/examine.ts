import { loadConfig } from '../with-hub.ts';
import { attempt } from './attempt.ts';
import { checkConfiguration } from './check-configuration.ts';
import { checkLdapListeners } from './check-ldap.ts';
import { checkMail } from './check-mail.ts';
import { type Finding, fail, ok } from './finding.ts';

/** Each check stands alone: one that fails hides nothing that can still be looked at. */
export async function examine(): Promise<Finding[]> {
  const findings = [checkNode()];
  const config = await attempt(findings, 'the configuration', loadConfig);
  if (config === undefined) return findings;
  findings.push(...checkConfiguration(config));
  findings.push(...((await attempt(findings, 'LDAP', () => checkLdapListeners(config))) ?? []));
  findings.push(...((await attempt(findings, 'mail', () => checkMail(config))) ?? []));
  // What talks to the database takes longer to load than all that was looked at so far.
  const { examineDatabase } = await import('./examine-database.ts');
  findings.push(...(await examineDatabase(config)));
  return findings;
}

function checkNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const fits = major > 22 || (major === 22 && minor >= 18);
  return fits
    ? ok(`Node ${process.versions.node}`)
    : fail(`Node ${process.versions.node} is too old; 22.18 or newer is needed`);
}
