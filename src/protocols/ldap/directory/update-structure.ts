import { hash } from 'node:crypto';
import { dnKey, escapeDnValue, parseDn } from '../../../platform/distinguished-names/dn.ts';
import { canonicalAttribute } from '../../../platform/distinguished-names/oid-names.ts';
import { foldCase } from '../../../platform/distinguished-names/prepare.ts';
import type { Container, Directory, Group, Service } from './directory.ts';
import type { GroupRow, ServiceRow, StructureRow } from './read-directory.ts';

/** A directory without people. */
export function makeDirectory(communityId: string, row: StructureRow): Directory {
  const base = makeBase(communityId, row);
  const directory: Directory = {
    communityId,
    slug: row.slug,
    baseKey: '',
    depth: 0,
    base,
    people: makeUnit(communityId, base, 'people'),
    groups: makeUnit(communityId, base, 'groups'),
    services: makeUnit(communityId, base, 'services'),
    passwordBind: row.passwordBind,
    secondFactor: row.secondFactor,
    secondFactorFrom: row.secondFactorFrom,
    openToOperators: row.openToOperators,
    posix: undefined,
    peopleBySubject: [],
    peopleByUid: new Map(),
    peopleByMail: new Map(),
    peopleByNumber: new Map(),
    groupsById: [],
    groupsByName: new Map(),
    servicesById: [],
    servicesBySlug: new Map(),
    memberLists: { version: 0, lists: new Map() },
    version: 0,
  };
  updateStructure(directory, row);
  return directory;
}

/** Takes in everything but people as it is now. Groups that stay are the same objects as before. */
export function updateStructure(directory: Directory, row: StructureRow): void {
  directory.version += 1;
  directory.slug = row.slug;
  directory.passwordBind = row.passwordBind;
  directory.secondFactor = row.secondFactor;
  directory.secondFactorFrom = row.secondFactorFrom;
  directory.openToOperators = row.openToOperators;
  const dn = parseDn(row.base) ?? [];
  directory.baseKey = dnKey(dn);
  directory.depth = dn.length;
  directory.base = makeBase(directory.communityId, row);
  directory.people = makeUnit(directory.communityId, directory.base, 'people');
  directory.groups = makeUnit(directory.communityId, directory.base, 'groups');
  directory.services = makeUnit(directory.communityId, directory.base, 'services');
  updateGroups(directory, row.groups);
  directory.servicesById = row.services.map((service) => makeService(directory, service));
  directory.servicesBySlug = new Map(directory.servicesById.map((each) => [each.slug, each]));
  const primaryGroup = directory.groupsById.find(({ id }) => id === row.primaryGroupId);
  directory.posix =
    primaryGroup === undefined
      ? undefined
      : {
          primaryGroup,
          homeTemplate: row.home ?? '/home/{username}',
          shell: row.shell ?? '/bin/bash',
        };
}

function updateGroups(directory: Directory, rows: readonly GroupRow[]): void {
  const before = new Map(directory.groupsById.map((group) => [group.id, group]));
  const groups = rows.map((row) => updateGroup(directory, before.get(row.id), row));
  const after = new Map(groups.map((group) => [group.id, group]));
  for (const [id, group] of before) if (!after.has(id)) dissolve(group);
  for (const group of groups) group.children = [];
  for (const [index, { parents }] of rows.entries()) {
    for (const id of parents) after.get(id)?.children.push(groups[index] as Group);
  }
  const parentsOf = new Map(rows.map(({ id, parents }) => [id, parents]));
  for (const group of groups) group.ancestors = ancestorsOf(group, parentsOf, after);
  directory.groupsById = groups;
  directory.groupsByName = new Map(groups.map((group) => [foldCase(group.name), group]));
}

function updateGroup(directory: Directory, before: Group | undefined, row: GroupRow): Group {
  const facts = {
    name: row.name,
    dn: `cn=${escapeDnValue(row.name)},${directory.groups.dn}`,
    description: row.description,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    gidNumber: row.gidNumber,
  };
  if (before !== undefined) return Object.assign(before, facts);
  return { kind: 'group', id: row.id, ...facts, members: [], children: [], ancestors: [] };
}

/** Whoever was in a group that is gone is no longer. */
function dissolve(group: Group): void {
  for (const person of group.members) {
    person.groups = person.groups.filter((each) => each !== group);
  }
}

function ancestorsOf(
  group: Group,
  parentsOf: ReadonlyMap<string, readonly string[]>,
  groups: ReadonlyMap<string, Group>,
): Group[] {
  const found = new Set([group]);
  // A set grows while it is walked; a cycle in the data ends, too.
  for (const each of found) {
    for (const id of parentsOf.get(each.id) ?? []) {
      const parent = groups.get(id);
      if (parent !== undefined) found.add(parent);
    }
  }
  return [...found];
}

function makeService(directory: Directory, row: ServiceRow): Service {
  const allowed = new Set(row.accessGroupIds);
  const groups = directory.groupsById.filter(({ ancestors }) =>
    ancestors.some(({ id }) => allowed.has(id)),
  );
  return {
    kind: 'service',
    id: row.id,
    slug: row.slug,
    dn: `cn=${row.slug},${directory.services.dn}`,
    name: row.name,
    description: row.description,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    rule: { serviceId: row.id, access: row.access, groups: new Set(groups) },
    readerHash: row.readerHash,
  };
}

function makeBase(communityId: string, row: StructureRow): Container {
  const [named] = parseDn(row.base)?.[0] ?? [];
  const type = canonicalAttribute(named?.type ?? 'o');
  return {
    kind: 'container',
    id: communityId,
    dn: row.base,
    type: type === 'dc' || type === 'ou' ? type : 'o',
    value: named?.value ?? row.slug,
    description: null,
    displayName: row.name,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    parent: undefined,
  };
}

function makeUnit(communityId: string, base: Container, value: string): Container {
  return {
    kind: 'container',
    id: derivedUuid(communityId, value),
    dn: `ou=${value},${base.dn}`,
    type: 'ou',
    value,
    description: null,
    displayName: null,
    createdAt: base.createdAt,
    updatedAt: base.createdAt,
    parent: base,
  };
}

/** A name-based UUID (RFC 9562 §5.8): the same on every process, and after a move. */
function derivedUuid(communityId: string, name: string): string {
  const bytes = hash('sha256', `trousseau ldap ${communityId} ${name}`, 'buffer').subarray(0, 16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}
