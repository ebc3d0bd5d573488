import { type Command, InvalidArgumentError, Option } from 'commander';
import { REGISTRATION_RULES, SECOND_FACTOR_RULES } from '../domain/communities/community.ts';
import type { Question, SettingsChange } from '../domain/communities/community-settings.ts';
import type { SavedCommunity } from '../domain/communities/save-communities.ts';
import type { PosixChange } from '../domain/posix/save-posix-settings.ts';
import { LOCALES, type Locale } from '../platform/i18n/locale.ts';
import { CommandError } from './command-error.ts';
import { collect, isOn, orNull, SWITCH, type Switch } from './option-values.ts';
import { type JsonOption, type Outcome, report } from './output.ts';
import { withHub } from './with-hub.ts';

/** `false` takes away (`--no-contact`). */
type SetOptions = JsonOption & {
  name?: string;
  locale?: Locale;
  registration?: SettingsChange['registration'];
  contact?: string | false;
  description?: string | false;
  town?: string | false;
  welcome?: string | false;
  listed?: Switch;
  accent?: string | false;
  logo?: string | false;
  ldapBase?: string;
  passwordBind?: Switch;
  openToOperators?: Switch;
  secondFactor?: SettingsChange['secondFactor'];
  secondFactorFrom?: string | false;
  recoveryDelay?: number;
  question?: Question[];
  questions?: boolean;
};
type HostOptions = JsonOption & { add: string[]; remove: string[]; first?: string };
type PosixOptions = JsonOption & {
  off?: boolean;
  firstNumber?: number;
  count?: number;
  primaryGroup?: string;
  home?: string;
  shell?: string;
};

/** Commands that change what a community says of itself, and what it asks of its members. */
export function addSettingCommands(community: Command): void {
  const onCommunity = (verb: string, description: string) =>
    community.command(verb).argument('<community>', 'its slug').description(description);
  addSet(onCommunity('set', 'Change its settings; what is not said stays'));
  onCommunity('hosts', 'Its own hosts; the first is the issuer of services registered from now on')
    .option('--add <host>', 'a host that is its own; may be repeated', collect, [])
    .option('--remove <host>', 'a host that is its own no longer; may be repeated', collect, [])
    .option('--first <host>', 'the one that stands first')
    .option('--json', 'print JSON')
    .action((slug: string, options: HostOptions) =>
      report(options, () => changeHosts(slug, options)),
    );
  onCommunity('posix', 'Give its people and groups POSIX numbers, or turn that off')
    .option('--first-number <number>', 'where its range of numbers begins', whole)
    .option('--count <number>', 'how many numbers there are', whole)
    .option('--primary-group <group>', 'the group that every account names as its own')
    .option('--home <path>', 'a path with {username} in it')
    .option('--shell <path>', 'such as /bin/bash')
    .addOption(
      new Option('--off', 'turn POSIX accounts off; the numbers stay the community’s').conflicts([
        'firstNumber',
        'count',
        'primaryGroup',
        'home',
        'shell',
      ]),
    )
    .option('--json', 'print JSON')
    .action((slug: string, options: PosixOptions) =>
      report(options, () => changePosix(slug, options)),
    );
}

function addSet(command: Command): void {
  const choice = (flags: string, text: string, values: readonly string[]) =>
    command.addOption(new Option(flags, text).choices(values));
  const clearable = (flags: string, text: string) =>
    command.option(flags, text).option(`--no-${flags.split(' ')[0]?.slice(2)}`, 'none');
  // One list for both options, so that questions stand in the order that they were given in.
  const questions: Question[] = [];
  const ask = (flags: string, text: string, required: boolean) =>
    command.addOption(
      new Option(flags, text).argParser((value: string) => {
        questions.push({ text: value, required });
        return questions;
      }),
    );
  command.option('--name <name>', 'the name that people read');
  choice('--locale <locale>', 'its language', LOCALES);
  choice('--registration <rule>', 'who may join', REGISTRATION_RULES);
  clearable('--contact <email>', 'an address that members are shown');
  clearable('--description <text>', 'what it is, in a few sentences');
  clearable('--town <name>', 'where it is');
  clearable('--welcome <text>', 'what those who sign in read first');
  choice('--listed <switch>', "whether the hub's first page names it", SWITCH);
  clearable('--accent <colour>', 'its colour, such as "#0a7d5a"');
  clearable('--logo <file>', 'its logo: SVG, PNG, JPEG or WebP, at most 256 KB');
  command.option('--ldap-base <dn>', 'naming context of its LDAP tree');
  choice(
    '--password-bind <switch>',
    'whether members may bind by LDAP with their own password',
    SWITCH,
  );
  choice('--open-to-operators <switch>', "whether operators' LDAP readers see it", SWITCH);
  choice('--second-factor <who>', 'who must have a second factor', SECOND_FACTOR_RULES);
  clearable('--second-factor-from <day>', 'from when on, such as 2027-01-31; none: at once');
  command.option('--recovery-delay <hours>', "of a recovery by two admins' decision", whole);
  ask(
    '--question <text>',
    'what those who want to join are asked; the list is the whole list',
    true,
  );
  ask('--optional-question <text>', 'the same, without an answer being required', false);
  command.option('--no-questions', 'ask them nothing');
  command
    .option('--json', 'print JSON')
    .action((slug: string, options: SetOptions) =>
      report(options, () =>
        change(slug, async () => toChange(options, questions.length > 0 ? questions : undefined)),
      ),
    );
}

function whole(value: string): number {
  if (!/^\d{1,10}$/.test(value)) throw new InvalidArgumentError('Must be a whole number.');
  return Number(value);
}

async function toChange(
  options: SetOptions,
  questions: Question[] | undefined,
): Promise<SettingsChange> {
  const { name, locale, registration, ldapBase, secondFactor, recoveryDelay } = options;
  return {
    name,
    locale,
    registration,
    contact: orNull(options.contact),
    description: orNull(options.description),
    town: orNull(options.town),
    welcome: orNull(options.welcome),
    listed: isOn(options.listed),
    accent: orNull(options.accent),
    logo: options.logo ? await readLogoAt(options.logo) : options.logo === false ? null : undefined,
    ldapBase,
    ldapPasswordBind: isOn(options.passwordBind),
    ldapOpenToOperators: isOn(options.openToOperators),
    secondFactor,
    secondFactorFrom: orNull(options.secondFactorFrom),
    recoveryDelayHours: recoveryDelay,
    questions: options.questions === false ? [] : questions,
  };
}

async function readLogoAt(path: string) {
  const { readLogo } = await import('../transfer/apply/logo.ts');
  const logo = await readLogo(path);
  if ('fault' in logo) throw new CommandError(logo.fault);
  return logo;
}

async function changeHosts(slug: string, { add, remove, first }: HostOptions): Promise<Outcome> {
  const { canonicalHost } = await import('../domain/communities/host-name.ts');
  const canonical = (host: string) => canonicalHost(host) ?? host;
  return change(slug, async (hosts) => {
    const removed = remove.map(canonical);
    const foreign = removed.find((host) => !hosts.includes(host));
    if (foreign !== undefined) throw new CommandError(`"${foreign}" is no host of ${slug}`);
    const all = [...hosts.filter((host) => !removed.includes(host)), ...add.map(canonical)];
    const head = first === undefined ? [] : [canonical(first)];
    if (head.some((host) => !all.includes(host)))
      throw new CommandError(`"${first}" is no host of ${slug}: add it`);
    return { hosts: [...new Set([...head, ...all])] };
  });
}

/** @param plan what is to change, of the hosts that there are */
function change(
  slug: string,
  plan: (hosts: readonly string[]) => Promise<SettingsChange>,
): Promise<Outcome> {
  return withHub(async ({ database, config }) => {
    const { requireCommunity } = await import('./resolve.ts');
    const { lockHubNames } = await import('../domain/communities/lock-communities.ts');
    const { saveCommunities } = await import('../domain/communities/save-communities.ts');
    const { saved, wanted } = await database.transaction(async (tx) => {
      // Nobody else changes the hosts between looking and saving.
      await lockHubNames(tx);
      const { hosts } = await requireCommunity(tx, slug);
      const wanted = { ...(await plan(hosts)), slug, must: 'exist' as const };
      const [saved] = await saveCommunities(tx, [wanted], 'cli', config.url.origin);
      return { saved: saved as SavedCommunity, wanted };
    });
    const { fields, after } = saved;
    const lines = [
      fields.length > 0
        ? `Changed ${slug}: ${fields.join(', ')}.`
        : `${slug} was so already; nothing was changed.`,
      ...(wanted.hosts === undefined ? [] : [`Hosts: ${after.hosts.join(', ') || 'none'}`]),
    ];
    const value = { slug, changed: fields, ...(wanted.hosts && { hosts: after.hosts }) };
    return { text: lines.join('\n'), value };
  });
}

function changePosix(slug: string, options: PosixOptions): Promise<Outcome> {
  return withHub(async ({ database }) => {
    const { requireCommunity, requireGroup } = await import('./resolve.ts');
    const { savePosixSettings } = await import('../domain/posix/save-posix-settings.ts');
    const { readCommunity } = await import('../domain/communities/community-rows.ts');
    const community = await requireCommunity(database, slug);
    let wanted: PosixChange | null = null;
    if (!options.off) {
      const before = (await readCommunity(database, community.id))?.posix;
      const { firstNumber = before?.firstNumber, count = before?.count } = options;
      const { primaryGroup = before?.primaryGroup, home, shell } = options;
      if (firstNumber === undefined || count === undefined || primaryGroup === undefined)
        throw new CommandError('give --first-number, --count and --primary-group');
      const group = await requireGroup(database, community, primaryGroup);
      wanted = { firstNumber, count, primaryGroupId: group.id, home, shell };
    }
    const changed = await database.transaction((tx) =>
      savePosixSettings(tx, community.id, wanted, 'cli'),
    );
    const state = wanted === null ? 'off' : 'on';
    const text = changed
      ? `POSIX accounts of ${slug} are ${state}.`
      : `POSIX accounts of ${slug} were so already; nothing was changed.`;
    return { text, value: { slug, posix: state, changed } };
  });
}
