import type { Command } from 'commander';
import { CommandError } from './command-error.ts';
import { type JsonOption, type Outcome, plural, report } from './output.ts';
import { withDatabase } from './with-hub.ts';

type Options = JsonOption & { down?: boolean; yes?: boolean };

export function addMigrateCommand(program: Command): void {
  program
    .command('migrate')
    .description("Bring the database's schema up to date (start does so by itself)")
    .option('--down', 'undo the latest migration instead, WITH ALL THE DATA IT HOLDS (needs --yes)')
    .option('--yes', 'yes, undo it')
    .option('--json', 'print JSON')
    .action((options: Options) => report(options, () => (options.down ? down(options) : up())));
}

function up(): Promise<Outcome> {
  return withDatabase(async ({ database }) => {
    const { fileName, migrate } = await import('../platform/database/migrations.ts');
    const ran = await migrate(database);
    const text =
      ran.length === 0
        ? 'The schema is up to date.'
        : `Ran ${plural(ran.length, 'migration')}: ${ran.map(fileName).join(', ')}.`;
    return { text, value: { ran: ran.map(fileName) } };
  });
}

function down(options: Options): Promise<Outcome> {
  if (!options.yes) throw new CommandError('--down deletes data; say --yes to do so');
  return withDatabase(async ({ database }) => {
    const { fileName, migrateDown } = await import('../platform/database/migrations.ts');
    const undone = await migrateDown(database);
    if (undone === undefined) throw new CommandError('there is no migration to undo');
    return { text: `Undid ${fileName(undone)}.`, value: { undone: fileName(undone) } };
  });
}
