import {
  allGroups,
  allMembers,
  type Directory,
  type Entry,
  findGroup,
  findPerson,
  type Group,
  type Person,
} from '../directory/directory.ts';
import type { Filter } from '../protocol/filter.ts';
import { A, findAttributeType } from '../schema/attribute-types.ts';
import { OBJECT_CLASSES } from '../schema/object-classes.ts';
import { canonicalOid } from '../schema/oid-names.ts';
import { foldCase } from '../schema/prepare.ts';
import { IN_CHAIN } from './match-extensible.ts';
import type { ResolveDn } from './match-filter.ts';

/**
 * What a filter can be true of at most, found by the directory's indexes. Undefined: of any of that kind.
 * Each list is ordered as the directory's own.
 */
export type Candidates = {
  people: readonly Person[] | undefined;
  groups: readonly Group[] | undefined;
  /** Whether containers and services can match. */
  others: boolean;
};

const NONE: readonly never[] = [];
const ANYTHING: Candidates = { people: undefined, groups: undefined, others: true };
const NOTHING: Candidates = { people: NONE, groups: NONE, others: false };
const SOMEBODY: Candidates = { people: undefined, groups: NONE, others: false };

export function findCandidates(
  filter: Filter,
  directory: Directory,
  resolveDn: ResolveDn,
): Candidates {
  switch (filter.type) {
    case 'and':
      return filter.filters.reduce<Candidates>(
        (found, each) => both(found, findCandidates(each, directory, resolveDn)),
        ANYTHING,
      );
    case 'or':
      return filter.filters.reduce<Candidates>(
        (found, each) => either(found, findCandidates(each, directory, resolveDn)),
        NOTHING,
      );
    case 'present':
      return byPresence(filter.attribute);
    case 'equality':
    case 'approximate':
      return byEquality(filter.attribute, filter.value, directory, resolveDn);
    case 'extensible':
      return filter.rule === IN_CHAIN && filter.attribute !== undefined
        ? byChain(filter.attribute, filter.value, resolveDn)
        : ANYTHING;
    case 'undefined':
      return NOTHING;
    default:
      return ANYTHING;
  }
}

/** Attributes that nothing but people have. */
const PERSONAL = new Set([
  A.uid,
  A.mail,
  A.memberOf,
  A.sn,
  A.givenName,
  A.uidNumber,
  A.homeDirectory,
]);

function byPresence(description: string): Candidates {
  const type = findAttributeType(description);
  if (type === undefined) return NOTHING;
  return PERSONAL.has(type as never) ? SOMEBODY : ANYTHING;
}

function byEquality(
  description: string,
  value: string,
  directory: Directory,
  resolveDn: ResolveDn,
): Candidates {
  switch (findAttributeType(description)) {
    case undefined:
      return NOTHING;
    case A.uid:
      return somebody(directory.peopleByUid.get(foldCase(value)));
    case A.mail:
      return somebody(directory.peopleByMail.get(foldCase(value)));
    case A.uidNumber:
      return somebody(directory.peopleByNumber.get(Number(value)));
    case A.memberOf:
      return peopleIn(resolveDn(value));
    case A.member:
    case A.uniqueMember:
      return groupsAround(resolveDn(value), false);
    case A.entryUUID: {
      const id = value.toLowerCase();
      return {
        people: listOf(findPerson(directory, id)),
        groups: listOf(findGroup(directory, id)),
        others: true,
      };
    }
    case A.objectClass:
      return byClass(value);
    case A.sn:
    case A.givenName:
      return SOMEBODY;
    case A.cn:
      return {
        people: undefined,
        groups: listOf(directory.groupsByName.get(foldCase(value))),
        others: true,
      };
    default:
      return ANYTHING;
  }
}

const PERSON_CLASSES = oids(['person', 'organizationalPerson', 'inetOrgPerson', 'posixAccount']);
const GROUP_CLASSES = oids(['groupOfNames', 'groupOfUniqueNames', 'posixGroup']);
const TOP = classOid('top');

function byClass(name: string): Candidates {
  const oid = canonicalOid(name);
  if (oid === TOP) return ANYTHING;
  return {
    people: PERSON_CLASSES.has(oid) ? undefined : NONE,
    groups: GROUP_CLASSES.has(oid) ? undefined : NONE,
    others: !PERSON_CLASSES.has(oid) && !GROUP_CLASSES.has(oid),
  };
}

function oids(names: readonly string[]): Set<string | undefined> {
  return new Set(names.map(classOid));
}

function classOid(wanted: string): string {
  return OBJECT_CLASSES.find(({ name }) => name === wanted)?.oid as string;
}

function byChain(description: string, value: string, resolveDn: ResolveDn): Candidates {
  const type = findAttributeType(description);
  if (type === A.memberOf) return peopleIn(resolveDn(value));
  if (type === A.member || type === A.uniqueMember) return groupsAround(resolveDn(value), true);
  return ANYTHING;
}

function somebody(person: Person | undefined): Candidates {
  return { people: listOf(person), groups: NONE, others: false };
}

function peopleIn(group: Entry | undefined): Candidates {
  if (group?.kind !== 'group') return NOTHING;
  return { people: allMembers(group), groups: NONE, others: false };
}

function groupsAround(member: Entry | undefined, deep: boolean): Candidates {
  if (member?.kind === 'person') {
    return {
      people: NONE,
      groups: ordered(deep ? allGroups(member) : member.groups),
      others: false,
    };
  }
  if (member?.kind === 'group') {
    return { people: NONE, groups: ordered(member.ancestors), others: false };
  }
  return NOTHING;
}

function listOf<Item>(item: Item | undefined): readonly Item[] {
  return item === undefined ? NONE : [item];
}

function ordered(groups: readonly Group[]): readonly Group[] {
  return groups.length < 2 ? groups : [...groups].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Each list may be the smaller of the two: the filter itself is judged for what is left. */
function both(a: Candidates, b: Candidates): Candidates {
  return {
    people: smaller(a.people, b.people),
    groups: smaller(a.groups, b.groups),
    others: a.others && b.others,
  };
}

function smaller<Item>(a: readonly Item[] | undefined, b: readonly Item[] | undefined) {
  if (a === undefined) return b;
  return b === undefined || a.length <= b.length ? a : b;
}

function either(a: Candidates, b: Candidates): Candidates {
  return {
    people: union(a.people, b.people, (person) => person.subject),
    groups: union(a.groups, b.groups, (group) => group.id),
    others: a.others || b.others,
  };
}

function union<Item>(
  a: readonly Item[] | undefined,
  b: readonly Item[] | undefined,
  keyOf: (item: Item) => string,
): readonly Item[] | undefined {
  if (a === undefined || b === undefined) return undefined;
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  return [...new Set([...a, ...b])].sort((x, y) => (keyOf(x) < keyOf(y) ? -1 : 1));
}
