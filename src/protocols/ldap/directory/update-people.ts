import { foldCase } from '../../../platform/distinguished-names/prepare.ts';
import {
  type Directory,
  findGroup,
  findPerson,
  type Group,
  lowerBound,
  type Person,
  subjectOf,
} from './directory.ts';
import type { PersonRow } from './read-directory.ts';

/** Above so many at once, lists are sorted anew rather than inserted into. */
const MANY = 64;
const NO_GROUPS: readonly Group[] = [];

/**
 * Takes in people as they are now.
 * @param rows those who are active, and new or changed; ordered by subject
 * @param gone subjects who are not, or no longer
 * @returns false when somebody is in a group that the directory does not know yet: the structure has
 *   to be read again first; nothing was changed then
 */
export function updatePeople(
  directory: Directory,
  rows: readonly PersonRow[],
  gone: readonly string[] = [],
): boolean {
  const known = rows.every(({ groupIds }) =>
    groupIds.every((id) => findGroup(directory, id) !== undefined),
  );
  if (!known) return false;
  directory.version += 1;
  for (const subject of gone) remove(directory, subject);
  // First all old names go: two people may have swapped theirs.
  const before = rows.map(({ subject }) => findPerson(directory, subject));
  for (const person of before) if (person !== undefined) forget(directory, person);
  const added: Person[] = [];
  const grown = new Map<Group, Person[]>();
  for (const [index, row] of rows.entries()) {
    const groups = groupsOf(directory, row);
    const old = before[index];
    const person =
      old === undefined ? toPerson(row, groups) : Object.assign(old, facts(row, groups));
    if (old === undefined) added.push(person);
    index_(directory, person);
    for (const group of groups) {
      const list = grown.get(group);
      if (list === undefined) grown.set(group, [person]);
      else list.push(person);
    }
  }
  insert(directory.peopleBySubject, added);
  for (const [group, people] of grown) insert(group.members, people);
  return true;
}

function remove(directory: Directory, subject: string): void {
  const person = findPerson(directory, subject);
  if (person === undefined) return;
  forget(directory, person);
  directory.peopleBySubject.splice(lowerBound(directory.peopleBySubject, subject, subjectOf), 1);
}

/** Takes somebody out of every index and group; their place in the list of people stays. */
function forget(directory: Directory, person: Person): void {
  drop(directory.peopleByUid, foldCase(person.username), person);
  if (person.mail !== null) drop(directory.peopleByMail, foldCase(person.mail), person);
  if (person.uidNumber !== null) drop(directory.peopleByNumber, person.uidNumber, person);
  for (const { members } of person.groups) {
    const at = lowerBound(members, person.subject, subjectOf);
    if (members[at] === person) members.splice(at, 1);
  }
}

/** Two who exchange a name may be read one after the other: the name is then somebody else's already. */
function drop<Key>(index: Map<Key, Person>, key: Key, person: Person): void {
  if (index.get(key) === person) index.delete(key);
}

function index_(directory: Directory, person: Person): void {
  directory.peopleByUid.set(foldCase(person.username), person);
  if (person.mail !== null) directory.peopleByMail.set(foldCase(person.mail), person);
  if (person.uidNumber !== null) directory.peopleByNumber.set(person.uidNumber, person);
}

/** @param people ordered by subject, none of them in the list */
function insert(list: Person[], people: readonly Person[]): void {
  const [first] = people;
  if (first === undefined) return;
  const last = list.at(-1);
  if (last === undefined || last.subject < first.subject) {
    for (const person of people) list.push(person);
  } else if (people.length > MANY) {
    for (const person of people) list.push(person);
    list.sort((a, b) => (a.subject < b.subject ? -1 : 1));
  } else {
    for (const person of people) {
      list.splice(lowerBound(list, person.subject, subjectOf), 0, person);
    }
  }
}

function groupsOf(directory: Directory, { groupIds }: PersonRow): readonly Group[] {
  if (groupIds.length === 0) return NO_GROUPS;
  return groupIds.map((id) => findGroup(directory, id) as Group);
}

function toPerson(row: PersonRow, groups: readonly Group[]): Person {
  return { kind: 'person', subject: row.subject, ...facts(row, groups) };
}

function facts(row: PersonRow, groups: readonly Group[]) {
  return {
    username: row.username,
    displayName: row.displayName,
    givenName: row.givenName,
    familyName: row.familyName,
    mail: row.mail,
    locale: row.locale,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    passwordChangedAt: row.passwordChangedAt,
    isAdmin: row.isAdmin,
    secondFactor: row.secondFactor,
    uidNumber: row.uidNumber,
    groups,
    accounts: row.accounts === null ? undefined : pairs(row.accounts),
    appPasswordIds: row.appPasswordIds ?? undefined,
  };
}

function pairs(flat: readonly string[]): Map<string, string> {
  const map = new Map<string, string>();
  for (let at = 0; at + 1 < flat.length; at += 2)
    map.set(flat[at] as string, flat[at + 1] as string);
  return map;
}
