import type { Invitation } from '../domain/invitations/invitation.ts';
import type { Role } from '../domain/memberships/membership-store.ts';
import { isUuid } from '../platform/text/uuid.ts';
import { CommandError } from './command-error.ts';
import { communityUrl } from './community-url.ts';
import { type JsonOption, type Outcome, table } from './output.ts';
import { withHub } from './with-hub.ts';

export type InviteOptions = JsonOption & {
  label: string;
  role: Role;
  group: string[];
  uses: number;
  many?: boolean;
  days: number;
};

export function createInvitation(slug: string, options: InviteOptions): Promise<Outcome> {
  return withHub(async ({ config, database, sealer }) => {
    const { requireCommunity, requireGroup } = await import('./resolve.ts');
    const { invitationPath } = await import('../domain/invitations/invitation.ts');
    const changes = await import('../domain/invitations/create-invitation.ts');
    const community = await requireCommunity(database, slug);
    const groups = await Promise.all(
      options.group.map((name) => requireGroup(database, community, name)),
    );
    const { label, role, days } = options;
    const maxUses = options.many ? null : options.uses;
    const groupIds = groups.map(({ id }) => id);
    const keys = await sealer();
    const { id, token } = await database.transaction((tx) =>
      changes.createInvitation(
        tx,
        keys,
        community.id,
        { label, role, groupIds, maxUses, days },
        'cli',
      ),
    );
    const url = communityUrl(config, community) + invitationPath(token);
    const whom =
      maxUses === null ? 'whoever comes' : `${maxUses === 1 ? 'one person' : `${maxUses} people`}`;
    return {
      text: `This link lets ${whom} into ${slug} as ${role}, for ${days} day${days === 1 ? '' : 's'}:\n${url}`,
      value: { id, url, community: slug, label, role, groups: options.group, maxUses, days },
    };
  });
}

export function listInvitations(slug: string): Promise<Outcome> {
  return withHub(async ({ database }) => {
    const { requireCommunity } = await import('./resolve.ts');
    const store = await import('../domain/invitations/invitation-store.ts');
    const community = await requireCommunity(database, slug);
    const invitations = await store.listInvitations(database, community.id);
    const text =
      invitations.length === 0
        ? `${slug} has no invitations.`
        : table(['ID', 'LABEL', 'ROLE', 'USED', 'UNTIL', 'STATE'], invitations.map(row));
    return { text, value: invitations };
  });
}

export function revokeInvitation(slug: string, id: string): Promise<Outcome> {
  return withHub(async ({ database }) => {
    const { requireCommunity } = await import('./resolve.ts');
    const { findInvitationById } = await import('../domain/invitations/invitation-store.ts');
    const changes = await import('../domain/invitations/revoke-invitation.ts');
    const community = await requireCommunity(database, slug);
    const invitation = isUuid(id)
      ? await findInvitationById(database, community.id, id)
      : undefined;
    if (invitation === undefined) throw new CommandError(`there is no invitation ${id} in ${slug}`);
    const changed = await database.transaction((tx) =>
      changes.revokeInvitation(tx, community.id, id, 'cli'),
    );
    const text = changed
      ? `The invitation "${invitation.label}" of ${slug} is revoked.`
      : `The invitation "${invitation.label}" was revoked already; nothing was changed.`;
    return { text, value: { id, changed } };
  });
}

function row({ id, label, role, uses, maxUses, expiresAt, state }: Invitation): string[] {
  const used = `${uses}/${maxUses ?? 'any'}`;
  return [id, label, role, used, expiresAt.toISOString().slice(0, 10), state];
}
