import { hasValues, type Scene } from '../entries/entry-types.ts';
import type { Filter } from '../protocol/filter.ts';
import { A, findAttributeType } from '../schema/attribute-types.ts';
import { matchEquality } from './match-equality.ts';
import { matchExtensible } from './match-extensible.ts';
import { matchSubstrings } from './match-substrings.ts';
import { matchValues } from './match-values.ts';
import {
  FALSE,
  type Matcher,
  matchUndefined,
  type Setting,
  TRUE,
  UNDEFINED,
  type Verdict,
} from './matcher.ts';

const matchEverything: Matcher = () => TRUE;

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
      return matchOrder(filter, setting, (order) => order >= 0);
    case 'lessOrEqual':
      return matchOrder(filter, setting, (order) => order <= 0);
    case 'substrings':
      return matchSubstrings(filter, setting);
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

function matchOrder(
  filter: { attribute: string; value: string },
  setting: Setting,
  holds: (order: number) => boolean,
): Matcher {
  const type = findAttributeType(filter.attribute);
  const rule = type?.equality;
  if (type === undefined || rule?.order === undefined || !type.ordering) return matchUndefined;
  const { order, prepare } = rule;
  const wanted = prepare(filter.value);
  if (wanted === undefined) return matchUndefined;
  return matchValues(type.withSubtypes, setting, {
    prepare,
    holds: (prepared) => holds(order(prepared, wanted)),
  });
}
