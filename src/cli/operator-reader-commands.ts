import type { Command } from 'commander';
import { CommandError } from './command-error.ts';
import { type JsonOption, type Outcome, report } from './output.ts';
import { withHub } from './with-hub.ts';

export function addOperatorReaderCommands(program: Command): void {
  const reader = program
    .command('operator-reader')
    .description("List and change operators' LDAP readers");
  reader
    .command('list')
    .description('Readers that see the communities open to operators')
    .option('--json', 'print JSON')
    .action((options: JsonOption) => report(options, list));
  reader
    .command('set')
    .argument('<name>', 'as in cn=NAME,cn=operators')
    .description('Make a reader, or give it a new secret, which is shown once')
    .option('--json', 'print JSON')
    .action((name: string, options: JsonOption) => report(options, () => set(name)));
  reader
    .command('remove')
    .argument('<name>')
    .description('Take a reader away: it can no longer bind')
    .option('--json', 'print JSON')
    .action((name: string, options: JsonOption) => report(options, () => remove(name)));
}

function list(): Promise<Outcome> {
  return withHub(async ({ database }) => {
    const { listOperatorReaders } = await import('../domain/operators/save-operator-readers.ts');
    const names = (await listOperatorReaders(database)).map(({ name }) => name);
    const text = names.length === 0 ? 'There is no reader of operators.' : names.map(dn).join('\n');
    return { text, value: names.map((name) => ({ name, dn: dn(name) })) };
  });
}

function set(name: string): Promise<Outcome> {
  return withHub(async ({ database }) => {
    const { saveOperatorReaders } = await import('../domain/operators/save-operator-readers.ts');
    const { generateReaderSecret } = await import('../domain/services/reader.ts');
    const { hashPassword } = await import('../domain/people/password.ts');
    const secret = generateReaderSecret();
    const change = { name, hash: await hashPassword(secret) };
    const [saved] = await database.transaction((tx) => saveOperatorReaders(tx, [change], 'cli'));
    const created = saved?.action === 'created';
    const what = created ? 'can bind now.' : 'has a new secret; the old one works no more.';
    return {
      text: `${dn(name)} ${what}\nSecret, shown only now: ${secret}`,
      value: { name, dn: dn(name), created, secret },
    };
  });
}

function remove(name: string): Promise<Outcome> {
  return withHub(async ({ database }) => {
    const { saveOperatorReaders } = await import('../domain/operators/save-operator-readers.ts');
    const change = { name, hash: null };
    const [saved] = await database.transaction((tx) => saveOperatorReaders(tx, [change], 'cli'));
    if (saved?.action !== 'removed') throw new CommandError(`there is no reader "${name}"`);
    return { text: `${dn(name)} can no longer bind.`, value: { name, removed: true } };
  });
}

function dn(name: string): string {
  return `cn=${name},cn=operators`;
}
