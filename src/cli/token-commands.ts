import { type Command, InvalidArgumentError } from 'commander';
import {
  COMMUNITY_SCOPES,
  HUB_SCOPES,
  type Scope,
  TOKEN_DAYS,
} from '../domain/api-tokens/api-token.ts';
import { collect } from './option-values.ts';
import { type JsonOption, report } from './output.ts';
import { createToken, listTokens, revokeToken, type TokenOptions } from './tokens.ts';

type Of = { community?: string };

export function addTokenCommands(program: Command): void {
  const token = program
    .command('token')
    .description('Make, list and end tokens of the API (docs/api.md)');
  const whose = ['--community <slug>', 'the community whose it is; without it, the hub’s'] as const;
  token
    .command('create')
    .description('Make a token, which is shown once')
    .option(...whose)
    .requiredOption('--name <text>', 'what it is called in the list')
    .requiredOption(
      '--scope <scope>',
      `what it opens; may be repeated. Of a community: ${COMMUNITY_SCOPES.join(', ')}. Of the hub: ${HUB_SCOPES.join(', ')}`,
      scopes,
    )
    .option('--days <number>', 'how long it is good', days, 90)
    .option('--json', 'print JSON')
    .action((options: TokenOptions & Of) =>
      report(options, () => createToken(options.community, options)),
    );
  token
    .command('list')
    .description('Tokens, those that are good first; none is shown again')
    .option(...whose)
    .option('--json', 'print JSON')
    .action((options: JsonOption & Of) => report(options, () => listTokens(options.community)));
  token
    .command('revoke')
    .argument('<id>', 'its id, as the list shows it')
    .description('End a token at once')
    .option(...whose)
    .option('--json', 'print JSON')
    .action((id: string, options: JsonOption & Of) =>
      report(options, () => revokeToken(options.community, id)),
    );
}

function scopes(value: string, before: string[] | undefined): string[] {
  const known: readonly Scope[] = [...COMMUNITY_SCOPES, ...HUB_SCOPES];
  if (!known.some((scope) => scope === value))
    throw new InvalidArgumentError(`There is no such scope; there are ${known.join(', ')}.`);
  return collect(value, before);
}

function days(value: string): number {
  const { min, max } = TOKEN_DAYS;
  if (!/^[1-9]\d{0,2}$/.test(value) || Number(value) > max)
    throw new InvalidArgumentError(`It must be a number from ${min} to ${max}.`);
  return Number(value);
}
