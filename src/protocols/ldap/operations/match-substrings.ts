import type { Filter } from '../protocol/filter.ts';
import { findAttributeType } from '../schema/attribute-types.ts';
import type { MatchingRule } from '../schema/matching-rules.ts';
import { matchValues, type ValueTest } from './match-values.ts';
import { type Matcher, matchUndefined, type Setting } from './matcher.ts';

type Substrings = Extract<Filter, { type: 'substrings' }>;
type Parts = Pick<Substrings, 'initial' | 'any' | 'final'>;

/** A substrings assertion (RFC 4511 §4.5.1.7.2); Undefined for types that have no substrings rule. */
export function matchSubstrings(filter: Substrings, setting: Setting): Matcher {
  const type = findAttributeType(filter.attribute);
  const test =
    type?.substrings === true ? substringsOf(filter, type.equality as MatchingRule) : undefined;
  if (type === undefined || test === undefined) return matchUndefined;
  return matchValues(type.withSubtypes, setting, test);
}

/** A test for values that hold the parts in their order, none overlapping another. */
export function substringsOf(parts: Parts, rule: MatchingRule): ValueTest | undefined {
  const { prepare, preparePart } = rule;
  if (preparePart === undefined) return undefined;
  const initial = parts.initial === undefined ? '' : preparePart(parts.initial).trimStart();
  const final = parts.final === undefined ? '' : preparePart(parts.final).trimEnd();
  const any = parts.any.map(preparePart);
  const holds = (value: string) => {
    if (!value.startsWith(initial) || !value.endsWith(final)) return false;
    let at = initial.length;
    for (const part of any) {
      const found = value.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return at <= value.length - final.length;
  };
  return { prepare, holds };
}

/** Parts that one text form may have. */
const MAX_PIECES = 300;

/**
 * Reads the text form `a*b*c` of a substrings assertion, as extensible filters carry it (RFC 4517 §3.3.30).
 * @returns undefined where it has an empty part between two others, or very many
 */
export function parseSubstrings(text: string): Parts | undefined {
  const pieces = text
    .split('*', MAX_PIECES + 1)
    .map((piece) => piece.replaceAll(/\\2a/gi, '*').replaceAll(/\\5c/gi, '\\'));
  const any = pieces.slice(1, -1);
  if (pieces.length > MAX_PIECES || any.includes('')) return undefined;
  return {
    initial: pieces[0] === '' ? undefined : pieces[0],
    any,
    final: pieces.length < 2 || pieces.at(-1) === '' ? undefined : pieces.at(-1),
  };
}
