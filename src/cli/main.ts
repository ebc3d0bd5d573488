import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { stackWithoutValues } from '../platform/logging/serialize-error.ts';
import { isWhole } from '../platform/text/whole-text.ts';
import { addApplyCommand } from './apply-command.ts';
import { CommandError } from './command-error.ts';
import { addCommunityCommands } from './community-commands.ts';
import { addDemoCommand } from './demo-command.ts';
import { describeError } from './describe-error.ts';
import { addDoctorCommand } from './doctor-command.ts';
import { addGroupCommands } from './group-commands.ts';
import { addInvitationCommands } from './invitation-commands.ts';
import { addKeysCommands } from './keys-commands.ts';
import { addMemberCommands } from './member-commands.ts';
import { addMigrateCommand } from './migrate-command.ts';
import { addOperatorCommands } from './operator-commands.ts';
import { addOperatorReaderCommands } from './operator-reader-commands.ts';
import { addServiceCommands } from './service-commands.ts';
import { addStartCommand } from './start-command.ts';
import { addTokenCommands } from './token-commands.ts';

// Each command imports what it needs when it runs, so that `help` answers at once.
const program = new Command('trousseau')
  .description('Trousseau: one account for every app of a community.')
  .version(version(), '-V, --version', 'Show the version')
  .helpOption('-h, --help', 'Show the help of a command')
  .helpCommand('help [command]', 'Show the commands, or the help of one')
  .showSuggestionAfterError()
  .configureHelp({ showGlobalOptions: false, sortSubcommands: false })
  .configureOutput({ outputError: () => {} })
  .exitOverride()
  .addHelpText('after', afterHelp());

addStartCommand(program);
addMigrateCommand(program);
addApplyCommand(program);
addCommunityCommands(program);
addMemberCommands(program);
addGroupCommands(program);
addInvitationCommands(program);
addServiceCommands(program);
addOperatorCommands(program);
addOperatorReaderCommands(program);
addTokenCommands(program);
addKeysCommands(program);
addDoctorCommand(program);
addDemoCommand(program);

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever read our output (`| head`) has seen enough.
  if (error.code !== 'EPIPE') throw error;
});
process.exitCode = await run(process.argv.slice(2));

/** @returns the exit code: 0 for done, 1 for not done, 2 for a command line that means nothing */
async function run(args: string[]): Promise<number> {
  try {
    requireWhole(args);
    await program.parseAsync(args, { from: 'user' });
    // A command that printed what is wrong has set it.
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError && isHelp(error)) return error.exitCode === 0 ? 0 : 2;
    const { reason, faults } = describeError(error);
    const text = args.includes('--json')
      ? JSON.stringify({ error: reason, ...(faults.length > 0 && { faults }) })
      : [`trousseau: ${reason}`, ...faults.map((fault) => `  ${fault}`)].join('\n');
    process.stderr.write(`${text}\n`);
    if (process.env.LOG_LEVEL === 'debug' && error instanceof Error) {
      process.stderr.write(`${stackWithoutValues(error)}\n`);
    }
    return error instanceof CommanderError ? 2 : 1;
  }
}

/** @throws CommandError for words that the terminal sent in another encoding than UTF-8 */
function requireWhole(args: string[]): void {
  const at = args.findIndex((word) => !isWhole(word));
  if (at < 0) return;
  throw new CommandError(
    `word ${at + 1} of the command line is not text in UTF-8: set the terminal and its locale to UTF-8`,
  );
}

function isHelp({ code }: CommanderError): boolean {
  return ['commander.help', 'commander.helpDisplayed', 'commander.version'].includes(code);
}

function version(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
}

function afterHelp(): string {
  return `
Every command (but the demo) takes --json, says what it did, and exits with 1
and a one-line reason when it did not (2 when the command line means nothing).
The settings come from the environment, such as TROUSSEAU_URL and DATABASE_URL;
"trousseau doctor" checks them.`;
}
