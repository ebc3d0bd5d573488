import type { ListedCommunity } from '../domain/communities/list-communities.ts';
import type { Group, Joining, ListedGroup } from '../domain/groups/group-store.ts';
import type { GroupChange, SavedGroup } from '../domain/groups/save-groups.ts';
import type { Database } from '../platform/database/database.ts';
import { CommandError } from './command-error.ts';
import { orNull } from './option-values.ts';
import { fields, type JsonOption, type Outcome, table } from './output.ts';
import { withHub } from './with-hub.ts';

export type SetOptions = JsonOption & {
  /** `--no-description` makes it false. */
  description?: string | false;
  joining?: Joining;
  seats?: number | false;
  /** What members are called on the command line. */
  manager?: string[];
  removeManager?: string[];
};

type Found = { database: Database; community: ListedCommunity; group: Group };

function withGroup(
  slug: string,
  name: string,
  work: (found: Found) => Promise<Outcome>,
): Promise<Outcome> {
  return withHub(async ({ database }) => {
    const { requireCommunity, requireGroup } = await import('./resolve.ts');
    const community = await requireCommunity(database, slug);
    return work({ database, community, group: await requireGroup(database, community, name) });
  });
}

export function listGroups(slug: string): Promise<Outcome> {
  return withHub(async ({ database }) => {
    const { requireCommunity } = await import('./resolve.ts');
    const store = await import('../domain/groups/group-store.ts');
    const community = await requireCommunity(database, slug);
    const groups = await store.listGroups(database, community.id);
    const text =
      groups.length === 0
        ? `${slug} has no groups.`
        : table(
            ['NAME', 'MEMBERS', 'JOINING', 'MANAGERS', 'GROUPS INSIDE', 'DESCRIPTION'],
            groups.map(row),
          );
    return { text, value: groups };
  });
}

function row(group: ListedGroup): string[] {
  const { name, members, seats, joining, managers, children, description } = group;
  const taken = seats === null ? String(members) : `${members} of ${seats}`;
  const lists = [managers, children].map((list) => list.join(', ') || '-');
  return [name, taken, joining, ...lists, description ?? '-'];
}

export function showGroup(slug: string, name: string): Promise<Outcome> {
  return withGroup(slug, name, async ({ database, community, group }) => {
    const { membersOfGroup, listGroups } = await import('../domain/groups/group-store.ts');
    const listed = (await listGroups(database, community.id)).find(({ id }) => id === group.id);
    const members = await membersOfGroup(database, community.id, group.id);
    const { children = [], managers = [] } = listed ?? {};
    const text = fields({
      name: group.name,
      description: group.description,
      joining: group.joining,
      seats: group.seats === null ? null : String(group.seats),
      managers: managers.join(', '),
      'groups inside': children.join(', '),
      members: members.map(({ username }) => username).join(', '),
    });
    return { text, value: { ...group, managers, children, members } };
  });
}

export function addGroup(slug: string, name: string, options: SetOptions): Promise<Outcome> {
  return withHub(async ({ database }) => {
    const { requireCommunity } = await import('./resolve.ts');
    const community = await requireCommunity(database, slug);
    const change = { name, ...(await toChange(database, community, options)) };
    const group = await saveGroup(database, community, change);
    return {
      text: `Added the group ${group.name} to ${slug}.`,
      value: { id: group.id, name: group.name, community: slug },
    };
  });
}

export function setGroup(slug: string, name: string, options: SetOptions): Promise<Outcome> {
  const { json: _, manager = [], removeManager = [], ...given } = options;
  if (Object.keys(given).length + manager.length + removeManager.length === 0)
    throw new CommandError('nothing to change: give one of the options, such as --description');
  return withGroup(slug, name, async ({ database, community, group: { id } }) => {
    const change = { id, ...(await toChange(database, community, options)) };
    const saved = await saveGroup(database, community, change);
    const changed = saved.changed.length > 0;
    const text = changed
      ? `The group ${saved.name} of ${slug} has another ${saved.changed.join(', ')} now.`
      : `The group ${saved.name} was so already; nothing was changed.`;
    return { text, value: { id, name: saved.name, fields: saved.changed, changed } };
  });
}

async function toChange(
  database: Database,
  community: ListedCommunity,
  { description, joining, seats, manager = [], removeManager = [] }: SetOptions,
): Promise<Omit<GroupChange, 'id' | 'name'>> {
  const { requireMember } = await import('./resolve.ts');
  const find = async (names: readonly string[]) => {
    const members = await Promise.all(names.map((one) => requireMember(database, community, one)));
    return members.map(({ subject }) => subject);
  };
  const managers = { add: await find(manager), remove: await find(removeManager) };
  return { description: orNull(description), joining, seats: orNull(seats), managers };
}

export function renameGroup(slug: string, name: string, newName: string): Promise<Outcome> {
  return withGroup(slug, name, async ({ database, community, group }) => {
    const saved = await saveGroup(database, community, { id: group.id, name: newName });
    const changed = saved.changed.length > 0;
    const text = changed
      ? `The group ${group.name} of ${slug} is ${saved.name} now.`
      : `The group was called ${saved.name} already; nothing was changed.`;
    return { text, value: { id: group.id, name: saved.name, changed } };
  });
}

async function saveGroup(
  database: Database,
  { id }: ListedCommunity,
  change: GroupChange,
): Promise<SavedGroup> {
  const { saveGroups } = await import('../domain/groups/save-groups.ts');
  const [saved] = await database.transaction((tx) => saveGroups(tx, id, [change], 'cli'));
  return saved as SavedGroup;
}

export function removeGroup(slug: string, name: string): Promise<Outcome> {
  return withGroup(slug, name, async ({ database, community, group }) => {
    const { removeGroups } = await import('../domain/groups/remove-groups.ts');
    await database.transaction((tx) => removeGroups(tx, community.id, [group.id], 'cli'));
    return {
      text: `Removed the group ${group.name} from ${slug}. The sessions of those in it have ended.`,
      value: { id: group.id, name: group.name },
    };
  });
}

export function nestGroup(slug: string, name: string, parentName: string): Promise<Outcome> {
  return changeNesting(slug, name, parentName, 'add', {
    done: (child, parent) => `Whoever is in ${child} is in ${parent}, too.`,
    same: (child, parent) => `${child} was inside ${parent} already; nothing was changed.`,
  });
}

export function unnestGroup(slug: string, name: string, parentName: string): Promise<Outcome> {
  return changeNesting(slug, name, parentName, 'remove', {
    done: (child, parent) =>
      `${child} is inside ${parent} no longer. The sessions of those in it have ended.`,
    same: (child, parent) => `${child} was not inside ${parent}; nothing was changed.`,
  });
}

type Says = (child: string, parent: string) => string;

function changeNesting(
  slug: string,
  name: string,
  parentName: string,
  kind: 'add' | 'remove',
  { done, same }: { done: Says; same: Says },
): Promise<Outcome> {
  return withGroup(slug, name, async ({ database, community, group }) => {
    const { requireGroup } = await import('./resolve.ts');
    const { changeNestings } = await import('../domain/groups/nest-groups.ts');
    const parent = await requireGroup(database, community, parentName);
    const nesting = { parentId: parent.id, childId: group.id };
    const { added, removed } = await database.transaction((tx) =>
      changeNestings(tx, community.id, { [kind]: [nesting] }, 'cli'),
    );
    const changed = added.length + removed.length > 0;
    const text = (changed ? done : same)(group.name, parent.name);
    return { text, value: { group: group.name, parent: parent.name, changed } };
  });
}
