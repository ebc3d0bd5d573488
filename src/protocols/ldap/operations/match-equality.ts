import { foldCase, keepCase } from '../../../platform/distinguished-names/prepare.ts';
import { allGroups, type Entry, type Group, isIn, type Person } from '../directory/directory.ts';
import { isPosixGroup, type Scene, type Values, valuesOf } from '../entries/entry-types.ts';
import { A, type AttributeType, findAttributeType } from '../schema/attribute-types.ts';
import { anyValue, matchValues, type ValueTest } from './match-values.ts';
import {
  FALSE,
  type Matcher,
  matchNothing,
  matchUndefined,
  type Setting,
  TRUE,
  type Verdict,
} from './matcher.ts';

export function matchEquality(description: string, value: string, setting: Setting): Matcher {
  const type = findAttributeType(description);
  const rule = type?.equality;
  if (type === undefined || rule === undefined) return matchUndefined;
  const wanted = rule.prepare(value);
  if (wanted === undefined) return matchUndefined;
  if (isNameList(type)) return matchNameList(type, setting.resolveDn(value));
  if (type === A.memberUid) return matchMemberUid(wanted, setting);
  const test: ValueTest = { prepare: rule.prepare, holds: (prepared) => prepared === wanted };
  if (type === A.objectClass) return matchClasses(setting.scene, test);
  return matchEach(type.withSubtypes, value, setting, test);
}

const NAME_LISTS: ReadonlySet<AttributeType> = new Set([A.member, A.uniqueMember, A.memberOf]);
const isNameList = (type: AttributeType): boolean => NAME_LISTS.has(type);

/** Values of some types. Lists of names are never written out to be compared: what is asserted is looked up. */
export function matchEach(
  types: readonly AttributeType[],
  value: string,
  setting: Setting,
  test: ValueTest,
): Matcher {
  const plain = types.filter((type) => !isNameList(type));
  const values = matchValues(plain, setting, test);
  if (plain.length === types.length) return values;
  const named = setting.resolveDn(value);
  const lists = types.filter(isNameList).map((type) => matchNameList(type, named));
  return (entry) =>
    values(entry) === TRUE || lists.some((each) => each(entry) === TRUE) ? TRUE : FALSE;
}

function matchNameList(type: AttributeType, named: Entry | undefined): Matcher {
  return type === A.memberOf ? matchMemberOf(named) : matchMember(named);
}

/** Entries of a kind share one list of classes: each list is judged once, as nearly every filter asks. */
function matchClasses(scene: Scene, test: ValueTest): Matcher {
  const judged = new Map<Values, Verdict>();
  return (entry) => {
    const classes = valuesOf(entry, A.objectClass, scene);
    const before = judged.get(classes);
    if (before !== undefined) return before;
    const verdict = anyValue(classes, test) ? TRUE : FALSE;
    judged.set(classes, verdict);
    return verdict;
  };
}

/** An unknown group, or one that is not seen, has nobody in it (row 9). */
function matchMemberOf(group: Entry | undefined): Matcher {
  if (group?.kind !== 'group') return matchNothing;
  return (entry) => (entry.kind === 'person' && isIn(entry, group) ? TRUE : FALSE);
}

/** Whether a posixGroup lists a username, which is compared with its case. */
function matchMemberUid(username: string, { scene }: Setting): Matcher {
  const { directory, view } = scene;
  const person = directory?.peopleByUid.get(foldCase(username));
  if (person === undefined || !view.seesPerson(person) || keepCase(person.username) !== username) {
    return matchNothing;
  }
  return (entry) =>
    entry.kind === 'group' && isPosixGroup(entry, directory) && person.groups.includes(entry)
      ? TRUE
      : FALSE;
}

function matchMember(member: Entry | undefined): Matcher {
  if (member === undefined) return matchNothing;
  return (entry) => (entry.kind === 'group' && hasMember(entry, member) ? TRUE : FALSE);
}

function hasMember(group: Group, member: Entry): boolean {
  if (member.kind === 'person') return member.groups.includes(group);
  return member.kind === 'group' && group.children.includes(member);
}

/** Whether somebody, or a group, is in a group at any depth. */
export function isInside(member: Person | Group, group: Group): boolean {
  if (member.kind === 'person') return allGroups(member).includes(group);
  return member !== group && member.ancestors.includes(group);
}
