import type { ListedCommunity } from '../domain/communities/list-communities.ts';
import { writeUntil } from '../domain/ends/until.ts';
import type { Membership, Role } from '../domain/memberships/membership-store.ts';
import type { Database } from '../platform/database/database.ts';
import { shownOnce } from './add-member.ts';
import { CommandError } from './command-error.ts';
import { groupInWords } from './group-in-words.ts';
import type { JsonOption, Outcome } from './output.ts';
import { withHub } from './with-hub.ts';

export type GroupOptions = JsonOption & {
  add: string[];
  remove: string[];
  /** `--no-until` makes it false. */
  until?: Date | false;
};

type Found = { hubUrl: URL; database: Database; community: ListedCommunity; member: Membership };

/** Runs a change of one member, once community and member are found. */
export function withMember(
  slug: string,
  name: string,
  work: (found: Found) => Promise<Outcome>,
): Promise<Outcome> {
  return withHub(async ({ config, database }) => {
    const { requireCommunity, requireMember } = await import('./resolve.ts');
    const community = await requireCommunity(database, slug);
    const member = await requireMember(database, community, name);
    return work({ hubUrl: config.url, database, community, member });
  });
}

/** Status that each change leads to, and what is said of it. */
const STATUS_CHANGES = {
  suspend: { status: 'suspended', done: 'is suspended in', ends: true },
  resume: { status: 'active', done: 'is active in', ends: false },
  leave: { status: 'left', done: 'has left', ends: true },
  return: { status: 'active', done: 'is active in', ends: false },
} as const;

export function changeStatus(
  slug: string,
  name: string,
  change: keyof typeof STATUS_CHANGES,
): Promise<Outcome> {
  return withMember(slug, name, async ({ database, community, member }) => {
    const { setMemberStatus } = await import('../domain/memberships/set-member-status.ts');
    const { subject, username } = member;
    const changed = await database.transaction((tx) =>
      setMemberStatus(tx, community.id, subject, change, 'cli'),
    );
    const { status, done, ends } = STATUS_CHANGES[change];
    const text = changed
      ? `${username} ${done} ${slug} now.${ends ? ' Their sessions have ended.' : ''}`
      : `${username} ${done} ${slug} already; nothing was changed.`;
    return { text, value: { subject, username, status, changed } };
  });
}

export function changePassword(
  slug: string,
  name: string,
  options: { passwordStdin?: boolean },
): Promise<Outcome> {
  return withMember(slug, name, async ({ hubUrl, database, community, member }) => {
    const { askPassword } = await import('./ask-password.ts');
    const { communityAddress } = await import('../domain/communities/community-address.ts');
    const { hashPassword } = await import('../domain/people/password.ts');
    const { setPassword } = await import('../domain/memberships/set-password.ts');
    const { subject, username } = member;
    const { password, generated } = await askPassword(options);
    const passwordHash = await hashPassword(password);
    await database.transaction(async (tx) => {
      const issuerUrl = await communityAddress(tx, hubUrl, community.id);
      await setPassword(tx, community.id, subject, passwordHash, 'cli', { issuerUrl });
    });
    return {
      text: `${username} of ${slug} has a new password. Their sessions have ended.${shownOnce(generated ? password : undefined)}`,
      value: { subject, username, ...(generated && { password }) },
    };
  });
}

export function rename(slug: string, name: string, username: string): Promise<Outcome> {
  return withMember(slug, name, async ({ database, community, member }) => {
    const { renameMember } = await import('../domain/memberships/rename-member.ts');
    const changed = await database.transaction((tx) =>
      renameMember(tx, community.id, member.subject, username, 'cli'),
    );
    const text = changed
      ? `${member.username} of ${slug} is ${username} now.`
      : `${username} had that username already; nothing was changed.`;
    return { text, value: { subject: member.subject, username, changed } };
  });
}

export function changeRole(
  slug: string,
  name: string,
  role: Role,
  roleUntil?: Date,
): Promise<Outcome> {
  return withMember(slug, name, async ({ database, community, member }) => {
    const { setMemberRole } = await import('../domain/memberships/set-member-role.ts');
    const { subject, username } = member;
    const changed = await database.transaction((tx) =>
      setMemberRole(tx, community.id, subject, role, 'cli', roleUntil),
    );
    const isAnother = member.role !== role;
    const text = changed
      ? `${username} is ${role} of ${slug} ${roleUntil ? `until ${writeUntil(roleUntil)}` : 'now'}.${isAnother ? ' Their sessions have ended.' : ''}`
      : `${username} was ${role} of ${slug} already; nothing was changed.`;
    return { text, value: { subject, username, role, changed } };
  });
}

/** All the changes of one command are one transaction. */
export function editGroups(slug: string, name: string, options: GroupOptions): Promise<Outcome> {
  return withMember(slug, name, async ({ database, community, member }) => {
    const { requireGroup } = await import('./resolve.ts');
    const { saveMembers } = await import('../domain/memberships/save-members.ts');
    const { groupsOfMember } = await import('../domain/groups/group-store.ts');
    const { subject, username } = member;
    const find = (groups: string[]) =>
      Promise.all(groups.map((group) => requireGroup(database, community, group)));
    const [add, remove] = await Promise.all([find(options.add), find(options.remove)]);
    const both = add.find(({ id }) => remove.some((group) => group.id === id));
    if (both) throw new CommandError(`the group "${both.name}" is both added and removed`);
    const ids = (groups: { id: string }[]) => groups.map(({ id }) => id);
    const { until } = options;
    const added = ids(add).map((id) => (until === undefined ? id : { id, until: until || null }));
    const change = { subject, groups: { add: added, remove: ids(remove) } };
    const place = { id: community.id, issuerUrl: undefined };
    const [saved] = await database.transaction((tx) => saveMembers(tx, place, [change], 'cli'));
    const changed =
      saved !== undefined && saved.added.length + saved.removed.length + saved.redated.length > 0;
    const groups = await groupsOfMember(database, community.id, subject);
    const names = groups.map(groupInWords);
    const text = `${username} is ${changed ? 'now ' : ''}in ${names.join(', ') || 'no group'}.`;
    return { text, value: { subject, username, groups, changed } };
  });
}
