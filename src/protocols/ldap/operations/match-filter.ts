import { foldCase, keepCase } from '../../../platform/distinguished-names/prepare.ts';
import { allGroups, type Entry, type Group, isIn, type Person } from '../directory/directory.ts';
import {
  hasValues,
  isPosixGroup,
  type Scene,
  type Values,
  valuesOf,
} from '../entries/entry-types.ts';
import type { Filter } from '../protocol/filter.ts';
import { A, type AttributeType, findAttributeType } from '../schema/attribute-types.ts';
import { matchExtensible } from './match-extensible.ts';
import { matchSubstrings } from './match-substrings.ts';

/** True, false, or neither (RFC 4511 §4.5.1.7). */
export type Verdict = 1 | 0 | -1;
export const TRUE = 1;
export const FALSE = 0;
export const UNDEFINED = -1;
export type Matcher = (entry: Entry) => Verdict;

export const matchNothing: Matcher = () => FALSE;
export const matchUndefined: Matcher = () => UNDEFINED;
const matchEverything: Matcher = () => TRUE;

/** Finds the entry that a DN-valued assertion names, where the scene shows it. */
export type ResolveDn = (text: string) => Entry | undefined;
/** What an assertion is judged in. */
export type Setting = { scene: Scene; resolveDn: ResolveDn };

/** Makes a filter's assertions ready once, to be judged for many entries. */
export function compileFilter(filter: Filter, setting: Setting): Matcher {
  switch (filter.type) {
    case 'and':
      return all(filter.filters.map((each) => compileFilter(each, setting)));
    case 'or':
      return any(filter.filters.map((each) => compileFilter(each, setting)));
    case 'not':
      return not(compileFilter(filter.filter, setting));
    case 'present':
      return matchPresent(filter.attribute, setting.scene);
    case 'equality':
    case 'approximate':
      return matchEquality(filter.attribute, filter.value, setting);
    case 'greaterOrEqual':
      return matchOrder(filter, setting.scene, (order) => order >= 0);
    case 'lessOrEqual':
      return matchOrder(filter, setting.scene, (order) => order <= 0);
    case 'substrings':
      return matchSubstrings(filter, setting.scene);
    case 'extensible':
      return matchExtensible(filter, setting);
    case 'undefined':
      return matchUndefined;
  }
}

function all(matchers: readonly Matcher[]): Matcher {
  if (matchers.length === 0) return matchEverything;
  return (entry) => {
    let verdict: Verdict = TRUE;
    for (const matcher of matchers) {
      const each = matcher(entry);
      if (each === FALSE) return FALSE;
      if (each === UNDEFINED) verdict = UNDEFINED;
    }
    return verdict;
  };
}

function any(matchers: readonly Matcher[]): Matcher {
  return (entry) => {
    let verdict: Verdict = FALSE;
    for (const matcher of matchers) {
      const each = matcher(entry);
      if (each === TRUE) return TRUE;
      if (each === UNDEFINED) verdict = UNDEFINED;
    }
    return verdict;
  };
}

function not(matcher: Matcher): Matcher {
  return (entry) => {
    const verdict = matcher(entry);
    return verdict === UNDEFINED ? UNDEFINED : verdict === TRUE ? FALSE : TRUE;
  };
}

function matchPresent(description: string, scene: Scene): Matcher {
  const type = findAttributeType(description);
  if (type === undefined) return matchUndefined;
  if (type === A.objectClass) return matchEverything;
  return (entry) =>
    type.withSubtypes.some((each) => hasValues(entry, each, scene)) ? TRUE : FALSE;
}

export function matchEquality(description: string, value: string, setting: Setting): Matcher {
  const type = findAttributeType(description);
  const rule = type?.equality;
  if (type === undefined || rule === undefined) return matchUndefined;
  const wanted = rule.prepare(value);
  if (wanted === undefined) return matchUndefined;
  if (type === A.memberOf) return matchMemberOf(setting.resolveDn(value));
  if (type === A.member || type === A.uniqueMember) return matchMember(setting.resolveDn(value));
  if (type === A.memberUid) return matchMemberUid(wanted, setting);
  const passes = (text: string) => rule.prepare(text) === wanted;
  if (type === A.objectClass) return matchClasses(setting.scene, passes);
  return matchValues(type, setting.scene, passes);
}

/** Entries of a kind share one list of classes: each list is judged once, as nearly every filter asks. */
function matchClasses(scene: Scene, passes: (value: string) => boolean): Matcher {
  const judged = new Map<Values, Verdict>();
  return (entry) => {
    const classes = valuesOf(entry, A.objectClass, scene);
    const before = judged.get(classes);
    if (before !== undefined) return before;
    const verdict = anyValue(classes, passes) ? TRUE : FALSE;
    judged.set(classes, verdict);
    return verdict;
  };
}

/** Looks at the values of a type and its subtypes until one of them passes. */
export function matchValues(
  type: AttributeType,
  scene: Scene,
  passes: (value: string) => boolean,
): Matcher {
  const { withSubtypes } = type;
  if (withSubtypes.length === 1) {
    return (entry) => (anyValue(valuesOf(entry, type, scene), passes) ? TRUE : FALSE);
  }
  return (entry) =>
    withSubtypes.some((each) => anyValue(valuesOf(entry, each, scene), passes)) ? TRUE : FALSE;
}

function anyValue(values: Values, passes: (value: string) => boolean): boolean {
  if (values === undefined) return false;
  return typeof values === 'string' ? passes(values) : values.some(passes);
}

/** An unknown group, or one that is not seen, has nobody in it (row 9). */
export function matchMemberOf(group: Entry | undefined): Matcher {
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

function matchOrder(
  filter: { attribute: string; value: string },
  scene: Scene,
  holds: (order: number) => boolean,
): Matcher {
  const type = findAttributeType(filter.attribute);
  const rule = type?.equality;
  if (type === undefined || rule?.order === undefined || !type.ordering) return matchUndefined;
  const { order, prepare } = rule;
  const wanted = prepare(filter.value);
  if (wanted === undefined) return matchUndefined;
  return matchValues(type, scene, (text) => {
    const value = prepare(text);
    return value !== undefined && holds(order(value, wanted));
  });
}
