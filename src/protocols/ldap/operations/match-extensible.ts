import { parseDn } from '../../../platform/distinguished-names/dn.ts';
import type { Entry } from '../directory/directory.ts';
import { entryDn } from '../entries/entry-types.ts';
import type { Filter } from '../protocol/filter.ts';
import {
  A,
  ATTRIBUTE_TYPES,
  type AttributeType,
  findAttributeType,
} from '../schema/attribute-types.ts';
import { DERIVED_RULES, type MatchingRule, RULES } from '../schema/matching-rules.ts';
import {
  FALSE,
  isInside,
  type Matcher,
  matchEquality,
  matchNothing,
  matchUndefined,
  matchValues,
  type Setting,
  TRUE,
} from './match-filter.ts';
import { parseSubstrings, substringsOf } from './match-substrings.ts';

/** Groups at any depth (LDAP_MATCHING_RULE_IN_CHAIN); bits of a number. */
export const IN_CHAIN = '1.2.840.113556.1.4.1941';
const BIT_AND = '1.2.840.113556.1.4.803';
const BIT_OR = '1.2.840.113556.1.4.804';

const NAME_LISTS: ReadonlySet<AttributeType> = new Set([A.member, A.uniqueMember, A.memberOf]);

type Extensible = Extract<Filter, { type: 'extensible' }>;
type Passes = (value: string) => boolean;

/** An extensible match (RFC 4511 §4.5.1.7.7): by a rule, an attribute or both, and names' parts if asked. */
export function matchExtensible(filter: Extensible, setting: Setting): Matcher {
  const { rule, attribute } = filter;
  if (rule === undefined) {
    if (attribute === undefined) return matchUndefined;
    return withNames(filter, setting, matchEquality(attribute, filter.value, setting), [attribute]);
  }
  const type = attribute === undefined ? undefined : findAttributeType(attribute);
  if (attribute !== undefined && type === undefined) return matchUndefined;
  if (rule === IN_CHAIN) return matchInChain(type, filter.value, setting);
  const passes = assertion(rule, filter.value);
  if (passes === undefined) return matchUndefined;
  const types = type === undefined ? typesOf(rule) : [type];
  if (type !== undefined && !applies(rule, type)) return matchUndefined;
  // Lists of names are never written out to be compared: what is asserted is looked up.
  const matchers = types.map((each) =>
    NAME_LISTS.has(each)
      ? matchEquality(each.name, filter.value, setting)
      : matchValues(each, setting.scene, passes),
  );
  const anyOf: Matcher = (entry) => (matchers.some((each) => each(entry) === TRUE) ? TRUE : FALSE);
  return withNames(
    filter,
    setting,
    anyOf,
    types.map(({ name }) => name),
  );
}

/** `:dn:` has the types and values of the entry's name judged, too. */
function withNames(
  filter: Extensible,
  setting: Setting,
  matcher: Matcher,
  types: readonly string[],
): Matcher {
  if (!filter.dnAttributes) return matcher;
  return (entry) => {
    const verdict = matcher(entry);
    return verdict === TRUE || !namePasses(filter, entry, setting, types) ? verdict : TRUE;
  };
}

function namePasses(
  filter: Extensible,
  entry: Entry,
  { scene }: Setting,
  types: readonly string[],
): boolean {
  const wanted = new Set(types.flatMap((type) => findAttributeType(type)?.withSubtypes ?? []));
  for (const rdn of parseDn(entryDn(entry, scene.directory)) ?? []) {
    for (const { type, value } of rdn) {
      const attributeType = findAttributeType(type);
      if (attributeType === undefined || !wanted.has(attributeType)) continue;
      const rule = filter.rule ?? attributeType.equality?.name;
      if (rule !== undefined && assertion(rule, filter.value)?.(value)) return true;
    }
  }
  return false;
}

function matchInChain(type: AttributeType | undefined, value: string, setting: Setting): Matcher {
  const target = setting.resolveDn(value);
  if (type === A.memberOf) {
    if (target?.kind !== 'group') return matchNothing;
    return (entry) => (entry.kind === 'person' && isInside(entry, target) ? TRUE : FALSE);
  }
  if (type !== A.member && type !== A.uniqueMember) return matchUndefined;
  if (target?.kind !== 'person' && target?.kind !== 'group') return matchNothing;
  return (entry) => (entry.kind === 'group' && isInside(target, entry) ? TRUE : FALSE);
}

/** What a rule says of values, given the asserted one; undefined for rules and values that make no sense. */
function assertion(rule: string, value: string): Passes | undefined {
  if (rule === BIT_AND || rule === BIT_OR) return bits(rule, value);
  const equality = equalityRule(rule);
  if (equality !== undefined) {
    const wanted = equality.prepare(value);
    return wanted === undefined ? undefined : (text) => equality.prepare(text) === wanted;
  }
  const derived = derivedRule(rule);
  if (derived?.kind === 'substrings') return substringsOf(parseSubstrings(value), derived.of);
  if (derived?.of.order === undefined) return undefined;
  // An ordering rule is true of values below the asserted one (RFC 4517 §4.2.3).
  const { prepare, order } = derived.of;
  const wanted = prepare(value);
  if (wanted === undefined) return undefined;
  return (text) => {
    const prepared = prepare(text);
    return prepared !== undefined && order(prepared, wanted) < 0;
  };
}

function bits(rule: string, value: string): Passes | undefined {
  if (!/^(?:0|[1-9]\d{0,18})$/.test(value)) return undefined;
  const mask = BigInt(value);
  return (text) => {
    if (!/^\d+$/.test(text)) return false;
    const common = BigInt(text) & mask;
    return rule === BIT_AND ? common === mask : common !== 0n;
  };
}

const sameName = (rule: string) => (each: { oid: string; name: string }) =>
  each.oid === rule || each.name.toLowerCase() === rule.toLowerCase();

function equalityRule(rule: string): MatchingRule | undefined {
  return Object.values(RULES).find(sameName(rule));
}

function derivedRule(rule: string) {
  return DERIVED_RULES.find(sameName(rule));
}

function syntaxOf(rule: string): string | undefined {
  if (rule === BIT_AND || rule === BIT_OR) return RULES.integerMatch.syntax;
  return equalityRule(rule)?.syntax ?? derivedRule(rule)?.of.syntax;
}

/** A rule may be used with types of its own syntax; the two kinds of text go together. */
function applies(rule: string, type: AttributeType): boolean {
  const text: string[] = [RULES.caseIgnoreMatch.syntax, RULES.caseIgnoreIA5Match.syntax];
  const syntax = syntaxOf(rule);
  if (syntax === undefined) return false;
  return type.syntax === syntax || (text.includes(syntax) && text.includes(type.syntax));
}

/** With a rule alone, all attributes that it applies to are looked at. */
function typesOf(rule: string): AttributeType[] {
  const substrings = derivedRule(rule)?.kind === 'substrings';
  return ATTRIBUTE_TYPES.filter((type) => applies(rule, type) && (!substrings || type.substrings));
}
