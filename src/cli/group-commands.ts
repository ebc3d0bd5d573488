import { type Command, Option } from 'commander';
import { JOININGS } from '../domain/groups/group-store.ts';
import { answer, enterOrLeave, listRequests } from './group-entries.ts';
import {
  addGroup,
  listGroups,
  nestGroup,
  removeGroup,
  renameGroup,
  type SetOptions,
  setGroup,
  showGroup,
  unnestGroup,
} from './groups.ts';
import { collect, positive } from './option-values.ts';
import { type JsonOption, report } from './output.ts';

const GROUP = 'its name';
const MEMBER = 'a username, an e-mail address or a subject';

export function addGroupCommands(program: Command): void {
  const group = program
    .command('group')
    .description('List, add, rename, nest and remove groups of members');
  group
    .command('list')
    .argument('<community>', 'its slug')
    .description('All groups of a community')
    .option('--json', 'print JSON')
    .action((slug: string, options: JsonOption) => report(options, () => listGroups(slug)));
  onGroup(group, 'show', 'One group, with who is directly in it').action(
    (slug: string, name: string, options: JsonOption) =>
      report(options, () => showGroup(slug, name)),
  );
  onGroup(group, 'add', 'Add a group')
    .option('--description <text>', 'what it is for')
    .addOption(joining())
    .option('--seats <number>', 'how many may be directly in it', positive)
    .option('--manager <member>', 'who looks after it; may be repeated', collect, [])
    .action((slug: string, name: string, options: SetOptions) =>
      report(options, () => addGroup(slug, name, options)),
    );
  onGroup(group, 'set', 'Change what a group is for, who comes in, and who looks after it')
    .option('--description <text>', 'what it is for')
    .option('--no-description', 'take the description away')
    .addOption(joining())
    .option('--seats <number>', 'how many may be directly in it', positive)
    .option('--no-seats', 'as many as come')
    .option('--manager <member>', 'who looks after it; may be repeated', collect, [])
    .option('--remove-manager <member>', 'who does so no longer; may be repeated', collect, [])
    .action((slug: string, name: string, options: SetOptions) =>
      report(options, () => setGroup(slug, name, options)),
    );
  onGroup(group, 'rename', 'Give a group another name')
    .argument('<name>', 'the new one')
    .action((slug: string, name: string, newName: string, options: JsonOption) =>
      report(options, () => renameGroup(slug, name, newName)),
    );
  addNesting(group);
  addEntering(group);
  onGroup(group, 'remove', 'Remove a group: the sessions of all who were in it end').action(
    (slug: string, name: string, options: JsonOption) =>
      report(options, () => removeGroup(slug, name)),
  );
}

function addNesting(group: Command): void {
  onGroup(group, 'nest', 'Put a group inside another: whoever is in it is in the other, too')
    .argument('<parent>', 'the group that it goes into')
    .action((slug: string, name: string, parent: string, options: JsonOption) =>
      report(options, () => nestGroup(slug, name, parent)),
    );
  onGroup(group, 'unnest', 'Take a group out of another: the sessions of all in it end')
    .argument('<parent>', 'the group that it comes out of')
    .action((slug: string, name: string, parent: string, options: JsonOption) =>
      report(options, () => unnestGroup(slug, name, parent)),
    );
}

function addEntering(group: Command): void {
  group
    .command('requests')
    .argument('<community>', 'its slug')
    .description('Members who ask to come into a group')
    .option('--json', 'print JSON')
    .action((slug: string, options: JsonOption) => report(options, () => listRequests(slug)));
  for (const [verb, description] of [
    ['admit', 'Let a member in who asked to come into a group'],
    ['refuse', 'Refuse a member who asked to come into a group'],
  ] as const)
    onGroup(group, verb, description)
      .argument('<member>', MEMBER)
      .action((slug: string, name: string, member: string, options: JsonOption) =>
        report(options, () => answer(slug, name, member, verb)),
      );
  for (const [verb, description] of [
    ['enter', 'For a member: come into an open group, or ask to'],
    ['leave', 'For a member: go out of such a group, or take the request back'],
  ] as const)
    onGroup(group, verb, description)
      .argument('<member>', MEMBER)
      .action((slug: string, name: string, member: string, options: JsonOption) =>
        report(options, () => enterOrLeave(slug, name, member, verb)),
      );
}

function joining(): Option {
  return new Option('--joining <how>', 'how one comes in').choices(JOININGS);
}

function onGroup(parent: Command, verb: string, description: string): Command {
  return parent
    .command(verb)
    .argument('<community>', 'its slug')
    .argument('<group>', GROUP)
    .description(description)
    .option('--json', 'print JSON');
}
