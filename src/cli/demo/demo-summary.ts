import type { ListenAddress } from '../../platform/config/config.ts';
import type { DemoApp, NetworkFile } from './network-file.ts';

/** What the demo prints once all runs: addresses, users, passwords, and what to try. */
export function demoSummary(
  { hubUrl, ldap }: { hubUrl: string; ldap: ListenAddress | undefined },
  network: NetworkFile,
  apps: DemoApp[],
  ms: number,
): string {
  const [first, second] = apps;
  const operator = network.operators[0];
  const communities = network.communities.map(
    (community) => `  ${community.name}\n    ${hubUrl}/c/${community.slug}\n${members(community)}`,
  );
  return `
Trousseau is running (ready in ${(ms / 1000).toFixed(1)} s).

Communities, and who can sign in (username / password):
${communities.join('\n')}

Operator's console
    ${hubUrl}/operator   ${operator?.email} / ${operator?.password}
    Messages to members (there is no mail server here): ${hubUrl}/operator/mails

Example apps
${apps.map((app) => `  ${app.name} (${app.community})   ${app.url}`).join('\n')}

Try single sign-on:
  1. Open ${first?.url} and sign in as alice.
  2. Open ${second?.url}: you are let in without a password.
Try single sign-out:
  3. Sign out of one of them and confirm; reload the other: you are signed out there, too.
${ldap === undefined ? '' : ldapBridge(ldap, network)}
Press Ctrl-C to stop.
`;
}

/** A search by a service's reader, to be pasted into a terminal. */
function ldapBridge({ host, port }: ListenAddress, network: NetworkFile): string {
  for (const { slug, ldap, services } of network.communities) {
    const service = services?.find((each) => each.ldap !== undefined);
    if (service?.ldap === undefined) continue;
    const base = ldap?.base ?? `o=${slug}`;
    return `
Try the LDAP bridge (with OpenLDAP's tools; Debian: apt install ldap-utils):
  ldapsearch -x -H ldap://${host}:${port} -D "cn=${service.slug},ou=services,${base}" \\
    -w ${service.ldap.password} -b "${base}" "(uid=alice)"
`;
  }
  return '';
}

function members(community: NetworkFile['communities'][number]): string {
  const withPassword = (community.members ?? []).filter((member) => member.password !== undefined);
  const lines = withPassword.map(
    (member) =>
      `    ${member.username.padEnd(12)} ${member.password}${member.role ? `   (${member.role})` : ''}`,
  );
  return lines.join('\n');
}
