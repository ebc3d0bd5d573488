import type { Command } from 'commander';
import {
  addOperator,
  changeOperatorPassword,
  listOperators,
  type PasswordOptions,
  removeOperator,
  removeOperatorFactors,
} from './operators.ts';
import { type JsonOption, report } from './output.ts';

export function addOperatorCommands(program: Command): void {
  const operator = program
    .command('operator')
    .description('List, add and remove those who run the hub');
  operator
    .command('list')
    .description('All operators of the hub')
    .option('--json', 'print JSON')
    .action((options: JsonOption) => report(options, listOperators));
  onOperator(operator, 'add', 'Add an operator; without a password given, one is made, shown once')
    .option('--password-stdin', 'read the password from standard input')
    .action((email: string, options: PasswordOptions) =>
      report(options, () => addOperator(email, options)),
    );
  onOperator(operator, 'password', 'Give an operator a new password; every session ends at once')
    .option('--password-stdin', 'read it from standard input')
    .action((email: string, options: PasswordOptions) =>
      report(options, () => changeOperatorPassword(email, options)),
    );
  onOperator(operator, 'remove', 'End that somebody is an operator; one must stay').action(
    (email: string, options: JsonOption) => report(options, () => removeOperator(email)),
  );
  onOperator(
    operator,
    'remove-factors',
    'Take the passkeys, authenticator app and recovery codes from an operator who lost them',
  ).action((email: string, options: JsonOption) =>
    report(options, () => removeOperatorFactors(email)),
  );
}

function onOperator(parent: Command, verb: string, description: string): Command {
  return parent
    .command(verb)
    .argument('<email>', 'the address that they sign in with')
    .description(description)
    .option('--json', 'print JSON');
}
