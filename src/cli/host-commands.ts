import { type Command, Option } from 'commander';
import type { TextFinding } from '../platform/outbound/dns-texts.ts';
import { CommandError } from './command-error.ts';
import { collect } from './option-values.ts';
import { type JsonOption, type Outcome, report, table } from './output.ts';
import { type Hub, withHub } from './with-hub.ts';

type AddOptions = JsonOption & { for?: ('web' | 'ldap')[]; proven?: boolean };

/** Commands about hosts that a community says are its own, until they are proven and after. */
export function addHostCommands(community: Command): void {
  const host = community
    .command('host')
    .description('Hosts that a community says are its own: claim them, check them, remove them');
  const onHost = (verb: string, description: string) =>
    host
      .command(verb)
      .argument('<community>', 'its slug')
      .argument('<host>', 'a host name, such as login.example.org')
      .description(description)
      .option('--json', 'print JSON');
  host
    .command('list')
    .argument('<community>', 'its slug')
    .description('Its hosts, and those that it claims')
    .option('--json', 'print JSON')
    .action((slug: string, options: JsonOption) => report(options, () => list(slug)));
  onHost('add', 'Claim a host; it counts when a record or a file shows that it is its own')
    .addOption(
      new Option('--for <use>', 'what it is for; may be repeated; web and LDAP unless it is said')
        .choices(['web', 'ldap'])
        .argParser(collect),
    )
    .option('--proven', 'it is its own: let it count at once')
    .action((slug: string, name: string, options: AddOptions) =>
      report(options, () => add(slug, name, options)),
    );
  onHost('check', 'Look whether the record or the file is there, and let the host count').action(
    (slug: string, name: string, options: JsonOption) => report(options, () => check(slug, name)),
  );
  onHost('remove', 'A host is its own no longer, or claimed no more').action(
    (slug: string, name: string, options: JsonOption) => report(options, () => remove(slug, name)),
  );
}

async function placeOf({ database, config }: Hub, slug: string) {
  const { requireCommunity } = await import('./resolve.ts');
  const { id: communityId } = await requireCommunity(database, slug);
  const { origin: hubUrl } = config.url;
  return { communityId, hubUrl, reserved: config.ownHosts.reserved };
}

function list(slug: string): Promise<Outcome> {
  return withHub(async (hub) => {
    const { listHosts } = await import('../domain/hosts/list-hosts.ts');
    const { communityId } = await placeOf(hub, slug);
    const hosts = await listHosts(hub.database, communityId);
    const rows = hosts.map(({ host, web, ldap, state, by, claim }) => [
      host,
      [web && 'web', ldap && 'ldap'].filter(Boolean).join(', '),
      by === null ? state : `${state} (${by})`,
      claim?.missingSince == null ? '' : `proof gone since ${day(claim.missingSince)}`,
    ]);
    const text =
      rows.length === 0
        ? `${slug} has no host of its own.`
        : table(['HOST', 'FOR', 'STATE', ''], rows);
    return { text, value: hosts };
  });
}

function add(slug: string, name: string, options: AddOptions): Promise<Outcome> {
  return withHub(async (hub) => {
    const { addProvenHost, claimHost } = await import('../domain/hosts/claim-host.ts');
    const place = await placeOf(hub, slug);
    const uses = options.for ?? ['web', 'ldap'];
    const wanted = { host: name, web: uses.includes('web'), ldap: uses.includes('ldap') };
    if (options.proven) {
      const host = await hub.database.transaction((tx) => addProvenHost(tx, place, wanted, 'cli'));
      return { text: `${host} is a host of ${slug} now.`, value: { host, state: 'proven' } };
    }
    const { host, claim } = await hub.database.transaction((tx) =>
      claimHost(tx, place, wanted, 'cli'),
    );
    if (claim === undefined)
      return { text: `${host} is a host of ${slug} already.`, value: { host, state: 'proven' } };
    const { PROOF_PATH, recordName } = await import('../domain/hosts/host-claim.ts');
    const record = { name: recordName(host), type: 'TXT', value: claim.token };
    const file = { url: `http://${host}${PROOF_PATH}`, text: claim.token };
    const text = [
      `${slug} claims ${host}. Set this record in the DNS:`,
      `  ${record.name}. TXT "${record.value}"`,
      `or put a file at ${file.url} whose text is ${file.text}`,
      `and run "trousseau community host check ${slug} ${host}" by ${day(claim.expiresAt as Date)}.`,
    ];
    return { text: text.join('\n'), value: { host, state: 'claimed', record, file } };
  });
}

function check(slug: string, name: string): Promise<Outcome> {
  return withHub(async (hub) => {
    const { createHostChecks } = await import('../domain/hosts/check-host.ts');
    const { proofParts } = await import('../domain/hosts/proof-parts.ts');
    const { createOutbound } = await import('../platform/outbound/outbound.ts');
    const { claimableHost } = await import('../domain/hosts/claimable-host.ts');
    const place = await placeOf(hub, slug);
    const host = claimableHost(name, place);
    const outbound = createOutbound(hub.config);
    try {
      const checks = createHostChecks(hub.database, proofParts(hub.config, outbound));
      const seen = await checks.check(place.communityId, host, 'cli');
      if (seen.proof === undefined) {
        throw new CommandError(
          `nothing shows yet that ${host} is ${slug}'s: the record ${WORDS[seen.dns]}, the file ${WORDS[seen.file]}`,
        );
      }
      const what = seen.proof === 'dns' ? 'record' : 'file';
      const text = `The ${what} is there: ${host} is a host of ${slug}.`;
      return { text, value: { host, state: 'proven', by: seen.proof } };
    } finally {
      await outbound.close();
    }
  });
}

const WORDS: Record<TextFinding, string> = {
  found: 'is there',
  other: 'says something else',
  absent: 'is not there',
  unanswered: 'could not be asked for',
};

function remove(slug: string, name: string): Promise<Outcome> {
  return withHub(async ({ database, ...hub }) => {
    const { releaseHost } = await import('../domain/hosts/claim-host.ts');
    const { canonicalHost } = await import('../domain/communities/host-name.ts');
    const place = await placeOf({ database, ...hub }, slug);
    const host = canonicalHost(name) ?? name;
    await database.transaction((tx) => releaseHost(tx, place, host, 'cli'));
    return { text: `${host} is no host of ${slug} any more.`, value: { host, removed: true } };
  });
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
