import { type Command, Option } from 'commander';
import { REGISTRATION_RULES } from '../domain/communities/community.ts';
import type { CommunityRow, PosixSettings } from '../domain/communities/community-rows.ts';
import type { NewCommunity } from '../domain/communities/create-community.ts';
import type { StateChange } from '../domain/communities/set-community-state.ts';
import { LOCALES, type Locale } from '../platform/i18n/locale.ts';
import { addSettingCommands } from './community-settings.ts';
import { addHostCommands } from './host-commands.ts';
import { fields, type JsonOption, type Outcome, plural, report, table } from './output.ts';
import { withHub } from './with-hub.ts';

type CreateOptions = JsonOption & {
  name: string;
  locale?: Locale;
  registration?: NewCommunity['registration'];
  contact?: string;
  ldapBase?: string;
};

export function addCommunityCommands(program: Command): void {
  const community = program
    .command('community')
    .description('List, create, change, freeze and archive communities');
  community
    .command('list')
    .description('All communities of the hub')
    .option('--json', 'print JSON')
    .action((options: JsonOption) => report(options, list));
  community
    .command('show')
    .argument('<community>', 'its slug')
    .description('One community: addresses, LDAP base, groups, services')
    .option('--json', 'print JSON')
    .action((slug: string, options: JsonOption) => report(options, () => show(slug)));
  community
    .command('create')
    .argument('<slug>', 'its short name in addresses, such as lamyne')
    .description('Create an empty community')
    .requiredOption('--name <name>', 'the name that people read')
    .addOption(new Option('--locale <locale>', 'its language').choices(LOCALES))
    .addOption(new Option('--registration <rule>', 'who may join').choices(REGISTRATION_RULES))
    .option('--contact <email>', 'an address that members are shown')
    .option('--ldap-base <dn>', 'naming context of its LDAP tree (default: o=SLUG)')
    .option('--json', 'print JSON')
    .action((slug: string, options: CreateOptions) => report(options, () => create(slug, options)));
  addSettingCommands(community);
  addHostCommands(community);
  addChange(community, 'freeze', 'frozen', 'Let nobody in to its services; sessions wait');
  addChange(community, 'activate', 'active', 'Bring a frozen or archived community back');
  addChange(community, 'archive', 'archived', 'Close it: all sessions end, nothing is deleted');
}

function addChange(parent: Command, verb: StateChange, state: string, description: string): void {
  parent
    .command(verb)
    .argument('<community>', 'its slug')
    .description(description)
    .option('--json', 'print JSON')
    .action((slug: string, options: JsonOption) =>
      report(options, () => change(slug, verb, state)),
    );
}

function list(): Promise<Outcome> {
  return withHub(async ({ database }) => {
    const { listCommunities } = await import('../domain/communities/list-communities.ts');
    const communities = await listCommunities(database);
    const rows = communities.map(({ slug, name, state, members, services, hosts }) => [
      slug,
      name,
      state,
      String(members),
      String(services),
      hosts.join(' '),
    ]);
    const text =
      rows.length === 0
        ? 'There is no community yet; "trousseau community create" or "trousseau apply" makes one.'
        : table(['SLUG', 'NAME', 'STATE', 'MEMBERS', 'SERVICES', 'HOSTS'], rows);
    return { text, value: communities };
  });
}

function show(slug: string): Promise<Outcome> {
  return withHub(async ({ database, config }) => {
    const { requireCommunity } = await import('./resolve.ts');
    const { listGroups } = await import('../domain/groups/group-store.ts');
    const { listServices } = await import('../domain/services/service-store.ts');
    const { readCommunity } = await import('../domain/communities/community-rows.ts');
    const community = await requireCommunity(database, slug);
    const settings = await readCommunity(database, community.id);
    const groups = (await listGroups(database, community.id)).map(({ name }) => name);
    const services = (await listServices(database, community.id)).map((service) => service.slug);
    const issuers = [
      ...community.hosts.map((host) => `${config.url.protocol}//${host}`),
      `${config.url.origin}/c/${slug}`,
    ];
    const text = fields({
      slug,
      name: community.name,
      state: community.state,
      registration: community.registration,
      language: community.locale,
      issuers: issuers.join(', '),
      contact: settings?.contact,
      colour: settings?.accent,
      'second factor': settings && secondFactor(settings),
      questions: settings?.questions.map(({ text }) => text).join(' '),
      'LDAP base': community.ldapBase,
      'LDAP passwords': settings?.ldapPasswordBind ? "members' own, too" : undefined,
      'LDAP readers': settings?.ldapOpenToOperators ? "operators', too" : undefined,
      'POSIX numbers': settings?.posix && posixRange(settings.posix),
      members: `${community.members} active`,
      groups: groups.join(', '),
      services: services.join(', '),
    });
    return { text, value: { ...community, ...settings, issuers, groups, services } };
  });
}

function secondFactor({ secondFactor, secondFactorFrom }: CommunityRow): string {
  return secondFactorFrom === null
    ? secondFactor
    : `${secondFactor}, from ${secondFactorFrom.slice(0, 10)} on`;
}

function posixRange({ firstNumber, count, primaryGroup }: PosixSettings): string {
  return `${firstNumber} to ${firstNumber + count - 1}, group ${primaryGroup}`;
}

function create(slug: string, options: CreateOptions): Promise<Outcome> {
  const { name, locale, registration, contact, ldapBase } = options;
  return withHub(async ({ database, config }) => {
    const { createCommunity } = await import('../domain/communities/create-community.ts');
    const community = {
      slug,
      name: name.trim(),
      ...(locale && { locale }),
      ...(registration && { registration }),
      ...(contact !== undefined && { contactEmail: contact }),
      ...(ldapBase && { ldapBase }),
    };
    const id = await database.transaction((tx) => createCommunity(tx, community, 'cli'));
    const url = `${config.url.origin}/c/${slug}`;
    return { text: `Created ${slug}, at ${url}.`, value: { id, slug, url } };
  });
}

function change(slug: string, verb: StateChange, state: string): Promise<Outcome> {
  return withHub(async ({ database }) => {
    const { requireCommunity } = await import('./resolve.ts');
    const { setCommunityState } = await import('../domain/communities/set-community-state.ts');
    const { id, members } = await requireCommunity(database, slug);
    const changed = await database.transaction((tx) => setCommunityState(tx, id, verb, 'cli'));
    const text = changed
      ? `${slug} (${plural(members, 'member')}) is ${state} now.`
      : `${slug} was ${state} already; nothing was changed.`;
    return { text, value: { slug, state, changed } };
  });
}
