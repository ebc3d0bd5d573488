import type { Command } from 'commander';
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
import { type JsonOption, report } from './output.ts';

const GROUP = 'its name';

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
    .action((slug: string, name: string, options: SetOptions) =>
      report(options, () => addGroup(slug, name, options)),
    );
  onGroup(group, 'set', 'Change what a group is for')
    .option('--description <text>', 'what it is for')
    .option('--no-description', 'take the description away')
    .action((slug: string, name: string, options: SetOptions) =>
      report(options, () => setGroup(slug, name, options)),
    );
  onGroup(group, 'rename', 'Give a group another name')
    .argument('<name>', 'the new one')
    .action((slug: string, name: string, newName: string, options: JsonOption) =>
      report(options, () => renameGroup(slug, name, newName)),
    );
  addNesting(group);
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

function onGroup(parent: Command, verb: string, description: string): Command {
  return parent
    .command(verb)
    .argument('<community>', 'its slug')
    .argument('<group>', GROUP)
    .description(description)
    .option('--json', 'print JSON');
}
