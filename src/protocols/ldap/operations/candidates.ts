import { canonicalOid } from '../../../platform/distinguished-names/oid-names.ts';
import { foldCase } from '../../../platform/distinguished-names/prepare.ts';
import {
  allGroups,
  allMembers,
  type Directory,
  type Entry,
  findGroup,
  findPerson,
  type Group,
  idOf,
  type Person,
  sizeToGather,
  subjectOf,
} from '../directory/directory.ts';
import type { Filter } from '../protocol/filter.ts';
import { A, findAttributeType } from '../schema/attribute-types.ts';
import { OBJECT_CLASSES } from '../schema/object-classes.ts';
import { IN_CHAIN } from './match-extensible.ts';
import type { ResolveDn } from './matcher.ts';

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

/**
 * `gathered` counts the entries that were put together from several lists so far. Once they are as many as
 * there are people, whatever would take more of that is looked for among everybody, which is done in slices.
 */
type Search = { directory: Directory; resolveDn: ResolveDn; gathered: number };

export function findCandidates(
  filter: Filter,
  directory: Directory,
  resolveDn: ResolveDn,
): Candidates {
  return candidatesOf(filter, { directory, resolveDn, gathered: 0 });
}

function candidatesOf(filter: Filter, search: Search): Candidates {
  switch (filter.type) {
    case 'and':
      return ofAll(filter.filters, search);
    case 'or':
      return ofAny(filter.filters, search);
    case 'present':
      return byPresence(filter.attribute);
    case 'equality':
    case 'approximate':
      return byEquality(filter.attribute, filter.value, search);
    case 'extensible':
      return filter.rule === IN_CHAIN && filter.attribute !== undefined
        ? byChain(filter.attribute, filter.value, search)
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

function byEquality(description: string, value: string, search: Search): Candidates {
  const { directory, resolveDn } = search;
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
      return peopleIn(resolveDn(value), search);
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

function byChain(description: string, value: string, search: Search): Candidates {
  const type = findAttributeType(description);
  const named = search.resolveDn(value);
  if (type === A.memberOf) return peopleIn(named, search);
  if (type === A.member || type === A.uniqueMember) return groupsAround(named, true);
  return ANYTHING;
}

function somebody(person: Person | undefined): Candidates {
  return { people: listOf(person), groups: NONE, others: false };
}

function peopleIn(group: Entry | undefined, search: Search): Candidates {
  if (group?.kind !== 'group') return NOTHING;
  const { directory } = search;
  const size = sizeToGather(directory, group);
  if (size > 0 && !mayGather(size, search)) return SOMEBODY;
  return { people: allMembers(directory, group), groups: NONE, others: false };
}

function mayGather(size: number, search: Search): boolean {
  search.gathered += size;
  return search.gathered <= search.directory.peopleBySubject.length;
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

/** Looks no further than the first part that leaves a handful: the filter itself is judged for these. */
function ofAll(filters: readonly Filter[], search: Search): Candidates {
  let found = ANYTHING;
  // What an index answers at once comes before what has to be gathered.
  for (const each of [
    ...filters.filter(isDirect),
    ...filters.filter((other) => !isDirect(other)),
  ]) {
    found = both(found, candidatesOf(each, search));
    if ((found.people?.length ?? Infinity) + (found.groups?.length ?? Infinity) < A_HANDFUL) break;
  }
  return found;
}

const A_HANDFUL = 16;
const DIRECT: ReadonlySet<unknown> = new Set([A.uid, A.mail, A.uidNumber, A.entryUUID]);
const isDirect = (filter: Filter): boolean =>
  filter.type === 'equality' && DIRECT.has(findAttributeType(filter.attribute));

/** Each list may be the smaller of the two. */
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

/**
 * Gathers what any of the parts can be true of; once that is more than there is, everything is looked at
 * instead: a filter of a thousand large parts costs no more than one.
 */
function ofAny(filters: readonly Filter[], search: Search): Candidates {
  const people = new Set<readonly Person[]>();
  const groups = new Set<readonly Group[]>();
  let others = false;
  let size = 0;
  for (const filter of filters) {
    const each = candidatesOf(filter, search);
    if (each.people === undefined || each.groups === undefined) return ANYTHING;
    if (!people.has(each.people)) size += each.people.length;
    if (!groups.has(each.groups)) size += each.groups.length;
    people.add(each.people);
    groups.add(each.groups);
    others ||= each.others;
    if (size > search.directory.peopleBySubject.length) return ANYTHING;
  }
  if (people.size + groups.size > 2 && !mayGather(size, search)) return ANYTHING;
  return { people: union(people, subjectOf), groups: union(groups, idOf), others };
}

function union<Item>(
  lists: ReadonlySet<readonly Item[]>,
  keyOf: (item: Item) => string,
): readonly Item[] {
  const filled = [...lists].filter((list) => list.length > 0);
  if (filled.length < 2) return filled[0] ?? NONE;
  return [...new Set(filled.flat())].sort((x, y) => (keyOf(x) < keyOf(y) ? -1 : 1));
}
