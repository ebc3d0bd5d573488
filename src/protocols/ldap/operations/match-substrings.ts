import type { Scene } from '../entries/entry-types.ts';
import type { Filter } from '../protocol/filter.ts';
import { findAttributeType } from '../schema/attribute-types.ts';
import type { MatchingRule } from '../schema/matching-rules.ts';
import { type Matcher, matchUndefined, matchValues } from './match-filter.ts';

type Substrings = Extract<Filter, { type: 'substrings' }>;
type Parts = Pick<Substrings, 'initial' | 'any' | 'final'>;

/** A substrings assertion (RFC 4511 §4.5.1.7.2); Undefined for types that have no substrings rule. */
export function matchSubstrings(filter: Substrings, scene: Scene): Matcher {
  const type = findAttributeType(filter.attribute);
  const passes =
    type?.substrings === true ? substringsOf(filter, type.equality as MatchingRule) : undefined;
  if (type === undefined || passes === undefined) return matchUndefined;
  return matchValues(type, scene, passes);
}

/** A test for values that hold the parts in their order, none overlapping another. */
export function substringsOf(
  parts: Parts,
  rule: MatchingRule,
): ((value: string) => boolean) | undefined {
  const { prepare, preparePart } = rule;
  if (preparePart === undefined) return undefined;
  const initial = parts.initial === undefined ? '' : preparePart(parts.initial).trimStart();
  const final = parts.final === undefined ? '' : preparePart(parts.final).trimEnd();
  const any = parts.any.map(preparePart);
  return (text) => {
    const value = prepare(text) ?? '';
    if (!value.startsWith(initial) || !value.endsWith(final)) return false;
    let at = initial.length;
    for (const part of any) {
      const found = value.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return at <= value.length - final.length;
  };
}

/** Reads the text form `a*b*c` of a substrings assertion, as extensible filters carry it (RFC 4517 §3.3.30). */
export function parseSubstrings(text: string): Parts {
  const pieces = text
    .split('*')
    .map((piece) => piece.replaceAll(/\\2a/gi, '*').replaceAll(/\\5c/gi, '\\'));
  return {
    initial: pieces[0] === '' ? undefined : pieces[0],
    any: pieces.slice(1, -1).filter((piece) => piece !== ''),
    final: pieces.length < 2 || pieces.at(-1) === '' ? undefined : pieces.at(-1),
  };
}
