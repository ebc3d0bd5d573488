/** Whom a service lets in, as `accessTo` (src/memberships/member.ts) decides it for sign-in. */
export type AccessRule = {
  serviceId: string;
  access: 'everyone' | 'groups' | 'approval';
  /** The groups of the rule, and all that are nested in them. */
  groups: ReadonlySet<Group>;
};

/** An active member, as the directory shows them. Nobody else exists here. */
export type Person = {
  readonly kind: 'person';
  subject: string;
  username: string;
  displayName: string;
  givenName: string | null;
  familyName: string | null;
  /** Their address, once verified: an app takes what it reads here for proven. */
  mail: string | null;
  locale: string | null;
  /** Seconds since 1970. */
  createdAt: number;
  updatedAt: number;
  /** Seconds since 1970; 0 without a password. A bind made before it is over. */
  passwordChangedAt: number;
  /** Whether they are an admin or an owner: of them a second factor may be asked earlier. */
  isAdmin: boolean;
  secondFactor: boolean;
  uidNumber: number | null;
  /** Groups that they are directly in. */
  groups: readonly Group[];
  /** State of their accounts by service, where they have any. */
  accounts: ReadonlyMap<string, string> | undefined;
  /** Ids of their app passwords, where they have any. */
  appPasswordIds: readonly string[] | undefined;
};

export type Group = {
  readonly kind: 'group';
  id: string;
  name: string;
  dn: string;
  description: string | null;
  createdAt: number;
  updatedAt: number;
  gidNumber: number | null;
  /** Active members who are directly in it, ordered by subject. */
  members: Person[];
  /** Groups directly inside it. */
  children: Group[];
  /** Itself and all groups that it is inside of. */
  ancestors: readonly Group[];
};

export type Service = {
  readonly kind: 'service';
  id: string;
  slug: string;
  dn: string;
  name: string;
  description: string | null;
  createdAt: number;
  updatedAt: number;
  rule: AccessRule;
  /** Argon2 hash of its reader's secret; null without a reader. */
  readerHash: string | null;
};

/** The community's own entry and the three that hold people, groups and services. */
export type Container = {
  readonly kind: 'container';
  id: string;
  dn: string;
  /** What the entry is: decides its classes and which attribute names it. */
  type: 'o' | 'ou' | 'dc';
  value: string;
  description: string | null;
  displayName: string | null;
  createdAt: number;
  updatedAt: number;
  parent: Container | undefined;
};

/** The root DSE and the subschema: not of any community. */
export type Special = {
  readonly kind: 'special';
  id: string;
  dn: string;
  createdAt: number;
  updatedAt: number;
  /** By the attribute type's index. */
  attributes: ReadonlyMap<number, readonly string[]>;
};

export type Entry = Person | Group | Service | Container | Special;

export type Posix = {
  primaryGroup: Group;
  /** `{username}` stands for the username. */
  homeTemplate: string;
  shell: string;
};

/** One community's directory in memory, as true as the last announcement that was taken in. */
export type Directory = {
  readonly communityId: string;
  slug: string;
  /** `dnKey` of the base, and the number of names in it. */
  baseKey: string;
  depth: number;
  base: Container;
  people: Container;
  groups: Container;
  services: Container;
  passwordBind: boolean;
  /** Who must have a second factor, and from when on; null: at once. */
  secondFactor: 'optional' | 'admins' | 'all';
  secondFactorFrom: Date | null;
  openToOperators: boolean;
  posix: Posix | undefined;
  /** Ordered by subject. */
  peopleBySubject: Person[];
  /** By username, folded. */
  peopleByUid: Map<string, Person>;
  /** By address, folded. */
  peopleByMail: Map<string, Person>;
  peopleByNumber: Map<number, Person>;
  /** Ordered by id. */
  groupsById: Group[];
  /** By name, folded. */
  groupsByName: Map<string, Group>;
  /** Ordered by id. */
  servicesById: Service[];
  servicesBySlug: Map<string, Service>;
  /** All members of groups with others inside, as `allMembers` gathered them for one version. */
  memberLists: { version: number; lists: Map<Group, Person[]> };
  /** Moves with every change: what was computed from the directory is good for one version. */
  version: number;
};

/** Where something of this key stands, or would stand, in a list that is ordered by it. */
export function lowerBound<Item>(
  items: readonly Item[],
  key: string,
  keyOf: (item: Item) => string,
): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keyOf(items[middle] as Item) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

export const subjectOf = (person: Person): string => person.subject;
export const idOf = (entry: { id: string }): string => entry.id;

export function findPerson(directory: Directory, subject: string): Person | undefined {
  const found =
    directory.peopleBySubject[lowerBound(directory.peopleBySubject, subject, subjectOf)];
  return found?.subject === subject ? found : undefined;
}

export function findGroup(directory: Directory, id: string): Group | undefined {
  const found = directory.groupsById[lowerBound(directory.groupsById, id, idOf)];
  return found?.id === id ? found : undefined;
}

export function findService(directory: Directory, id: string): Service | undefined {
  const found = directory.servicesById[lowerBound(directory.servicesById, id, idOf)];
  return found?.id === id ? found : undefined;
}

/** Whether somebody is in a group, directly or through groups nested in it. */
export function isIn(person: Person, group: Group): boolean {
  for (const direct of person.groups) {
    if (direct === group || direct.ancestors.includes(group)) return true;
  }
  return false;
}

/** All groups that somebody is in. */
export function allGroups(person: Person): readonly Group[] {
  const { groups } = person;
  if (groups.every((group) => group.ancestors.length === 1)) return groups;
  return [...new Set(groups.flatMap((group) => group.ancestors))];
}

/** A group and all that are inside it. */
function* groupsWithin(group: Group): Generator<Group> {
  const seen = new Set([group]);
  // A set grows while it is walked; a cycle in the data ends, too.
  for (const each of seen) {
    yield each;
    for (const child of each.children) seen.add(child);
  }
}

/** Whether it is true of anybody who is in a group, directly or through groups nested in it. */
export function someMember(group: Group, test: (person: Person) => boolean): boolean {
  for (const { members } of groupsWithin(group)) if (members.some(test)) return true;
  return false;
}

function memberListsOf(directory: Directory): Map<Group, Person[]> {
  const { version } = directory;
  if (directory.memberLists.version !== version) {
    directory.memberLists = { version, lists: new Map() };
  }
  return directory.memberLists.lists;
}

/** How many have to be put together for `allMembers`: nobody where the list is there already. */
export function sizeToGather(directory: Directory, group: Group): number {
  if (group.children.length === 0 || memberListsOf(directory).has(group)) return 0;
  let size = 0;
  for (const { members } of groupsWithin(group)) size += members.length;
  return size;
}

/** All who are in a group, ordered by subject; gathered once for each version of the directory. */
export function allMembers(directory: Directory, group: Group): readonly Person[] {
  if (group.children.length === 0) return group.members;
  const lists = memberListsOf(directory);
  let list = lists.get(group);
  if (list === undefined) {
    const people = new Set<Person>();
    for (const { members } of groupsWithin(group)) for (const each of members) people.add(each);
    list = [...people].sort((a, b) => (a.subject < b.subject ? -1 : 1));
    lists.set(group, list);
  }
  return list;
}
