import { type Command, InvalidArgumentError, Option } from 'commander';
import { ROLES, type Role, STATUSES } from '../domain/memberships/membership-store.ts';
import { LOCALES } from '../platform/i18n/locale.ts';
import { type AddOptions, addMember } from './add-member.ts';
import {
  type CreateOptions,
  createAppPassword,
  listAppPasswords,
  type RevokeOptions,
  revokeAppPassword,
} from './app-passwords.ts';
import {
  changePassword,
  changeRole,
  changeStatus,
  editGroups,
  type GroupOptions,
  rename,
} from './change-member.ts';
import { decideRequest } from './decide-request.ts';
import { type ListOptions, listMembers, showMember } from './list-members.ts';
import { collect, positive, until } from './option-values.ts';
import { type JsonOption, report } from './output.ts';
import { type SetOptions, setMember } from './set-member.ts';

const MEMBER = 'a username, an e-mail address or a subject';

export function addMemberCommands(program: Command): void {
  const member = program.command('member').description('List, add, suspend and change members');
  addReading(member);
  addAdding(member);
  addStatusChanges(member);
  addDecisions(member);
  addOtherChanges(member);
  addAppPasswords(member);
}

function addReading(member: Command): void {
  member
    .command('list')
    .argument('<community>', 'its slug')
    .description('Members, by username, a page at a time')
    .option('--search <text>', 'only those with this in their username, name or address')
    .addOption(new Option('--status <status>', 'only those').choices(STATUSES))
    .option('--limit <number>', 'members a page', positive, 100)
    .option('--after <username>', 'the page after this member')
    .option('--json', 'print JSON')
    .action((slug: string, options: ListOptions) =>
      report(options, () => listMembers(slug, options)),
    );
  onMember(member, 'show', 'One member, with their groups and services').action(
    (slug: string, name: string, options: JsonOption) =>
      report(options, () => showMember(slug, name)),
  );
}

function addAdding(member: Command): void {
  member
    .command('add')
    .argument('<community>', 'its slug')
    .argument('<username>')
    .description('Add a member; without a password given, one is generated and shown once')
    .option('--name <name>', 'the name that people read (default: the username)')
    .option('--given-name <name>', 'their given name')
    .option('--family-name <name>', 'their family name')
    .option('--nickname <name>', 'what they are called')
    .option('--email <address>', 'an address that you vouch for')
    .addOption(new Option('--locale <locale>', 'their language').choices(LOCALES))
    .option('--zone <zone>', 'their time zone, such as Europe/Paris')
    .addOption(new Option('--role <role>', 'their role').choices(ROLES).default('member'))
    .addOption(new Option('--status <status>', 'what they are').choices(STATUSES).default('active'))
    .option('--until <day>', 'when the membership ends, such as 2027-06-30', until)
    .option('--role-until <day>', 'when the role ends', until)
    .option('--group <group>', 'a group to put them in; may be repeated', collect, [])
    .addOption(new Option('--password-stdin', 'read the password from standard input'))
    .option('--no-password', 'give no password: they cannot sign in with one')
    .option('--json', 'print JSON')
    .action((slug: string, username: string, options: AddOptions) =>
      report(options, () => addMember(slug, username, options)),
    );
}

function addStatusChanges(member: Command): void {
  onMember(member, 'suspend', 'Suspend a member: every session and token ends at once').action(
    (slug: string, name: string, options: JsonOption) =>
      report(options, () => changeStatus(slug, name, 'suspend')),
  );
  onMember(member, 'resume', 'Let a suspended member in again').action(
    (slug: string, name: string, options: JsonOption) =>
      report(options, () => changeStatus(slug, name, 'resume')),
  );
  onMember(member, 'leave', 'End a membership: every session and token ends at once').action(
    (slug: string, name: string, options: JsonOption) =>
      report(options, () => changeStatus(slug, name, 'leave')),
  );
  onMember(member, 'return', 'Bring somebody back who has left, as who they were').action(
    (slug: string, name: string, options: JsonOption) =>
      report(options, () => changeStatus(slug, name, 'return')),
  );
}

function addDecisions(member: Command): void {
  onMember(member, 'admit', 'Let somebody in who asked to join').action(
    (slug: string, name: string, options: JsonOption) =>
      report(options, () => decideRequest(slug, name, 'admit')),
  );
  onMember(member, 'refuse', 'Refuse somebody who asked to join; they may ask again in 30 days')
    .option('--reason <text>', 'what is written to them')
    .action((slug: string, name: string, options: JsonOption & { reason?: string }) =>
      report(options, () => decideRequest(slug, name, 'refuse', options.reason)),
    );
}

function addOtherChanges(member: Command): void {
  onMember(member, 'set', 'Change names, e-mail address, language, time zone or end of a member')
    .option('--name <name>', 'the name that people read')
    .option('--given-name <name>', 'their given name')
    .option('--no-given-name', 'take it away')
    .option('--family-name <name>', 'their family name')
    .option('--no-family-name', 'take it away')
    .option('--nickname <name>', 'what they are called')
    .option('--no-nickname', 'take it away')
    .option('--email <address>', 'an address that you vouch for; the one before is written to')
    .option('--no-email', 'take it away')
    .addOption(new Option('--locale <locale>', 'their language').choices(LOCALES))
    .option('--no-locale', 'that of the community')
    .option('--zone <zone>', 'their time zone, such as Europe/Paris')
    .option('--no-zone', 'none')
    .option('--until <day>', 'when the membership ends, such as 2027-06-30', until)
    .option('--no-until', 'it does not end')
    .action((slug: string, name: string, options: SetOptions) =>
      report(options, () => setMember(slug, name, options)),
    );
  onMember(member, 'password', 'Give a member a new password; every session ends at once')
    .option('--password-stdin', 'read it from standard input')
    .action((slug: string, name: string, options: JsonOption & { passwordStdin?: boolean }) =>
      report(options, () => changePassword(slug, name, options)),
    );
  onMember(member, 'rename', 'Give a member another username; apps keep their account')
    .argument('<username>', 'the new one')
    .action((slug: string, name: string, username: string, options: JsonOption) =>
      report(options, () => rename(slug, name, username)),
    );
  onMember(member, 'role', 'Give a member another role; every session ends at once')
    .argument('<role>', ROLES.join(', '), oneOf(ROLES))
    .option('--until <day>', 'when the role ends, such as 2027-06-30', until)
    .action((slug: string, name: string, role: Role, options: JsonOption & { until?: Date }) =>
      report(options, () => changeRole(slug, name, role, options.until)),
    );
  onMember(member, 'group', 'List the groups of a member, or change them')
    .alias('groups')
    .option('--add <group>', 'put them in this group; may be repeated', collect, [])
    .option('--until <day>', 'up to when they are in those added, such as 2027-06-30', until)
    .option('--no-until', 'they stay in those added')
    .option('--remove <group>', 'take them out of this group; may be repeated', collect, [])
    .action((slug: string, name: string, options: GroupOptions) =>
      report(options, () => editGroups(slug, name, options)),
    );
}

function addAppPasswords(member: Command): void {
  onMember(member, 'app-password', 'Make an app password for one service, shown once')
    .argument('<service>', 'its slug')
    .option('--name <name>', 'what it is called in the list', 'made by an operator')
    .action((slug: string, name: string, service: string, options: CreateOptions) =>
      report(options, () => createAppPassword(slug, name, service, options)),
    );
  onMember(member, 'app-passwords', 'List the app passwords of a member').action(
    (slug: string, name: string, options: JsonOption) =>
      report(options, () => listAppPasswords(slug, name)),
  );
  onMember(member, 'revoke-app-password', 'End an app password, or all of a member')
    .argument('[id]', 'its id, as the list shows it')
    .option('--all', 'end all of them')
    .action((slug: string, name: string, id: string | undefined, options: RevokeOptions) =>
      report(options, () => revokeAppPassword(slug, name, id, options)),
    );
}

function onMember(parent: Command, verb: string, description: string): Command {
  return parent
    .command(verb)
    .argument('<community>', 'its slug')
    .argument('<member>', MEMBER)
    .description(description)
    .option('--json', 'print JSON');
}

function oneOf<Value extends string>(allowed: readonly Value[]) {
  return (value: string): Value => {
    const found = allowed.find((candidate) => candidate === value);
    if (found === undefined) throw new InvalidArgumentError(`Allowed are ${allowed.join(', ')}.`);
    return found;
  };
}
