import { escapeDnValue } from '../../../platform/distinguished-names/dn.ts';
import {
  allGroups,
  type Container,
  type Directory,
  type Entry,
  type Group,
  type Person,
  type Service,
} from '../directory/directory.ts';
import type { View } from '../directory/view.ts';
import { A, ATTRIBUTE_TYPES, type AttributeType } from '../schema/attribute-types.ts';
import { SUBSCHEMA_DN } from '../schema/subschema.ts';

/** Where entries are looked at: the directory, through somebody's eyes. */
export type Scene = { directory: Directory; view: View };

/** The values of one attribute; undefined where the entry does not have it. */
export type Values = string | readonly string[] | undefined;
type Getter<Of> = (entry: Of, scene: Scene) => Values;
type Getters<Of> = [AttributeType, Getter<Of>][];

/** How entries of one kind show their attributes. */
export type EntryType = {
  /** By the attribute type's index. */
  getters: (Getter<Entry> | undefined)[];
  /** User attributes, then operational ones, in the order in which answers carry them. */
  user: AttributeType[];
  operational: AttributeType[];
};

const OPERATIONAL: Getters<Entry> = [
  [A.structuralObjectClass, structuralClass],
  [A.entryUUID, (entry) => (entry.kind === 'person' ? entry.subject : entry.id)],
  [A.entryDN, (entry, scene) => entryDn(entry, scene.directory)],
  [A.createTimestamp, (entry) => generalizedTime(entry.createdAt)],
  [A.modifyTimestamp, (entry) => generalizedTime(entry.updatedAt)],
  [A.hasSubordinates, (entry, scene) => (hasSubordinates(entry, scene) ? 'TRUE' : 'FALSE')],
  [A.subschemaSubentry, () => SUBSCHEMA_DN],
];

const PERSON_CLASSES = ['top', 'person', 'organizationalPerson', 'inetOrgPerson'];
const POSIX_PERSON_CLASSES = [...PERSON_CLASSES, 'posixAccount'];
const GROUP_CLASSES = ['top', 'groupOfNames', 'groupOfUniqueNames'];
const POSIX_GROUP_CLASSES = [...GROUP_CLASSES, 'posixGroup'];
const SERVICE_CLASSES = ['top', 'applicationProcess'];
const CONTAINER_CLASSES: Record<Container['type'], string[]> = {
  o: ['top', 'organization'],
  ou: ['top', 'organizationalUnit'],
  dc: ['top', 'organization', 'dcObject'],
};

const PERSON: Getters<Person> = [
  [A.objectClass, (person, { directory }) => personClasses(person, directory)],
  [A.uid, (person) => person.username],
  [A.cn, (person) => person.displayName],
  // Every person of RFC 4519 has one; who gave none is listed under the whole name.
  [A.sn, (person) => person.familyName ?? person.displayName],
  [A.givenName, (person) => person.givenName ?? undefined],
  [A.displayName, (person) => person.displayName],
  [A.mail, (person) => person.mail ?? undefined],
  [A.preferredLanguage, (person) => person.locale ?? undefined],
  [A.memberOf, (person) => present(allGroups(person).map((group) => group.dn))],
  [A.uidNumber, (person, scene) => posixOnly(person, scene, () => String(person.uidNumber))],
  [
    A.gidNumber,
    (person, scene) =>
      posixOnly(person, scene, ({ primaryGroup }) => String(primaryGroup.gidNumber)),
  ],
  [
    A.homeDirectory,
    (person, scene) =>
      posixOnly(person, scene, ({ homeTemplate }) =>
        homeTemplate.replaceAll('{username}', person.username),
      ),
  ],
  [A.loginShell, (person, scene) => posixOnly(person, scene, ({ shell }) => shell)],
];

const GROUP: Getters<Group> = [
  [
    A.objectClass,
    (group, { directory }) =>
      isPosixGroup(group, directory) ? POSIX_GROUP_CLASSES : GROUP_CLASSES,
  ],
  [A.cn, (group) => group.name],
  [A.description, (group) => group.description || undefined],
  [A.member, memberDns],
  [A.uniqueMember, memberDns],
  [
    A.gidNumber,
    (group, { directory }) =>
      isPosixGroup(group, directory) ? String(group.gidNumber) : undefined,
  ],
  [
    A.memberUid,
    (group, { directory, view }) =>
      isPosixGroup(group, directory)
        ? present(group.members.filter(view.seesPerson).map(({ username }) => username))
        : undefined,
  ],
];

const SERVICE: Getters<Service> = [
  [A.objectClass, () => SERVICE_CLASSES],
  [A.cn, (service) => service.slug],
  [A.displayName, (service) => service.name],
  [A.description, (service) => service.description || undefined],
];

const CONTAINER: Getters<Container> = [
  [A.objectClass, (container) => CONTAINER_CLASSES[container.type]],
  [A.o, (container) => organizationName(container)],
  [A.ou, (container) => (container.type === 'ou' ? container.value : undefined)],
  [A.dc, (container) => (container.type === 'dc' ? container.value : undefined)],
  [A.displayName, (container) => container.displayName ?? undefined],
  [A.description, (container) => container.description ?? undefined],
];

/** Of the root DSE and the subschema only the class is a user attribute (RFC 4512 §4.4, §5.1). */
const SPECIAL: EntryType = {
  getters: ATTRIBUTE_TYPES.map(
    ({ index }) =>
      (entry) =>
        entry.kind === 'special' ? entry.attributes.get(index) : undefined,
  ),
  user: ATTRIBUTE_TYPES.filter(({ usage }) => usage === 'userApplications'),
  operational: ATTRIBUTE_TYPES.filter(({ usage }) => usage !== 'userApplications'),
};

export const ENTRY_TYPES: Record<Entry['kind'], EntryType> = {
  special: SPECIAL,
  person: entryType(PERSON),
  group: entryType(GROUP),
  service: entryType(SERVICE),
  container: entryType(CONTAINER),
};

function entryType<Of extends Entry>(own: Getters<Of>): EntryType {
  const getters: EntryType['getters'] = [];
  for (const [type, getter] of [...(own as Getters<Entry>), ...OPERATIONAL]) {
    getters[type.index] = getter;
  }
  return {
    getters,
    user: own.map(([type]) => type),
    operational: OPERATIONAL.map(([type]) => type),
  };
}

/** Whether an entry has an attribute; of groups' members that is told without writing their names. */
export function hasValues(entry: Entry, type: AttributeType, scene: Scene): boolean {
  const isList = type === A.member || type === A.uniqueMember;
  if (!isList || entry.kind !== 'group') return valuesOf(entry, type, scene) !== undefined;
  const { view } = scene;
  return entry.children.some(view.seesGroup) || view.seesDirectMember(entry);
}

/** Values of one attribute (not of its subtypes). */
export function valuesOf(entry: Entry, type: AttributeType, scene: Scene): Values {
  return ENTRY_TYPES[entry.kind].getters[type.index]?.(entry, scene);
}

export function entryDn(entry: Entry, directory: Directory): string {
  if (entry.kind !== 'person') return entry.dn;
  return `uid=${escapeDnValue(entry.username)},${directory.people.dn}`;
}

export function isPosixPerson(person: Person, directory: Directory): boolean {
  return directory.posix !== undefined && person.uidNumber !== null;
}

export function isPosixGroup(group: Group, directory: Directory): boolean {
  return directory.posix !== undefined && group.gidNumber !== null;
}

function personClasses(person: Person, directory: Directory): string[] {
  return isPosixPerson(person, directory) ? POSIX_PERSON_CLASSES : PERSON_CLASSES;
}

function posixOnly(
  person: Person,
  { directory }: Scene,
  value: (posix: NonNullable<Directory['posix']>) => string,
): string | undefined {
  const { posix } = directory;
  return posix === undefined || person.uidNumber === null ? undefined : value(posix);
}

function memberDns(group: Group, { directory, view }: Scene): Values {
  const dns: string[] = [];
  for (const person of group.members) {
    if (view.seesPerson(person)) dns.push(entryDn(person, directory));
  }
  for (const child of group.children) if (view.seesGroup(child)) dns.push(child.dn);
  return present(dns);
}

function present(values: readonly string[]): Values {
  return values.length === 0 ? undefined : values;
}

function structuralClass(entry: Entry): string {
  if (entry.kind === 'person') return 'inetOrgPerson';
  if (entry.kind === 'group') return 'groupOfNames';
  if (entry.kind === 'service') return 'applicationProcess';
  if (entry.kind === 'special') return 'subentry';
  return entry.type === 'ou' ? 'organizationalUnit' : 'organization';
}

/** An organization has to have an `o`: under a `dc` it is the community's name. */
function organizationName({ type, value, displayName }: Container): string | undefined {
  if (type === 'ou') return undefined;
  return type === 'o' ? value : (displayName ?? value);
}

function hasSubordinates(entry: Entry, { directory, view }: Scene): boolean {
  if (entry.kind !== 'container') return false;
  if (entry === directory.people) return view.seesAnybody();
  if (entry === directory.groups) return directory.groupsById.some(view.seesGroup);
  if (entry === directory.services) return directory.servicesById.some(view.seesService);
  return true;
}

/** Generalized Time in UTC (RFC 4517 §3.3.13, row 6), of seconds since 1970. */
export function generalizedTime(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`;
}
