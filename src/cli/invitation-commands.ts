import { type Command, InvalidArgumentError, Option } from 'commander';
import { INVITATION_DAYS, INVITATION_USES } from '../domain/invitations/invitation.ts';
import { ROLES } from '../domain/memberships/membership-store.ts';
import {
  createInvitation,
  type InviteOptions,
  listInvitations,
  revokeInvitation,
} from './invitations.ts';
import { collect } from './option-values.ts';
import { type JsonOption, report } from './output.ts';

export function addInvitationCommands(program: Command): void {
  const invitation = program.command('invitation').description('Make, list and end invitations');
  invitation
    .command('create')
    .argument('<community>', 'its slug')
    .description(
      'Make a link by which people become members, whatever the rule for registration is',
    )
    .option('--label <text>', 'what it is called in the list', 'made by an operator')
    .addOption(new Option('--role <role>', 'what they become').choices(ROLES).default('member'))
    .option('--group <group>', 'a group that they come into; may be repeated', collect, [])
    .option('--uses <number>', 'how many people may use it', upTo(INVITATION_USES.max), 1)
    .addOption(new Option('--many', 'as many as come before it expires').conflicts('uses'))
    .option('--days <number>', 'how long it is good', upTo(INVITATION_DAYS.max), 7)
    .option('--json', 'print JSON')
    .action((slug: string, options: InviteOptions) =>
      report(options, () => createInvitation(slug, options)),
    );
  invitation
    .command('list')
    .argument('<community>', 'its slug')
    .description('Invitations, those that can be used first; links are not shown again')
    .option('--json', 'print JSON')
    .action((slug: string, options: JsonOption) => report(options, () => listInvitations(slug)));
  invitation
    .command('revoke')
    .argument('<community>', 'its slug')
    .argument('<id>', 'its id, as the list shows it')
    .description('End an invitation; those who came by it stay')
    .option('--json', 'print JSON')
    .action((slug: string, id: string, options: JsonOption) =>
      report(options, () => revokeInvitation(slug, id)),
    );
}

function upTo(most: number) {
  return (value: string): number => {
    if (!/^[1-9]\d{0,5}$/.test(value) || Number(value) > most)
      throw new InvalidArgumentError(`It must be a number from 1 to ${most}.`);
    return Number(value);
  };
}
