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
import { isInside, matchEach, matchEquality } from './match-equality.ts';
import { parseSubstrings, substringsOf } from './match-substrings.ts';
import { anyValue, type ValueTest } from './match-values.ts';
import {
  FALSE,
  type Matcher,
  matchNothing,
  matchUndefined,
  type Setting,
  TRUE,
} from './matcher.ts';

/** Groups at any depth (LDAP_MATCHING_RULE_IN_CHAIN); bits of a number. */
export const IN_CHAIN = '1.2.840.113556.1.4.1941';
const BIT_AND = '1.2.840.113556.1.4.803';
const BIT_OR = '1.2.840.113556.1.4.804';

type Extensible = Extract<Filter, { type: 'extensible' }>;

/** An extensible match (RFC 4511 §4.5.1.7.7): by a rule, an attribute or both, and names' parts if asked. */
export function matchExtensible(filter: Extensible, setting: Setting): Matcher {
  const { rule, attribute } = filter;
  if (rule === undefined) {
    if (attribute === undefined) return matchUndefined;
    const matcher = matchEquality(attribute, filter.value, setting);
    return withNames(filter, setting, matcher, nameTests(filter.value, attribute));
  }
  const type = attribute === undefined ? undefined : findAttributeType(attribute);
  if (attribute !== undefined && type === undefined) return matchUndefined;
  if (rule === IN_CHAIN) return matchInChain(type, filter.value, setting);
  const test = assertion(rule, filter.value);
  if (test === undefined) return matchUndefined;
  const types = type === undefined ? typesOf(rule) : [type];
  if (type !== undefined && !applies(rule, type)) return matchUndefined;
  const looked = [...new Set(types.flatMap(({ withSubtypes }) => withSubtypes))];
  const matcher = matchEach(looked, filter.value, setting, test);
  return withNames(filter, setting, matcher, new Map(looked.map((each) => [each, test])));
}

/** What is asked of the values in names, by their type. */
type NameTests = ReadonlyMap<AttributeType, ValueTest>;

/** `:dn:` has the types and values of the entry's name judged, too. */
function withNames(
  { dnAttributes }: Extensible,
  setting: Setting,
  matcher: Matcher,
  tests: NameTests,
): Matcher {
  if (!dnAttributes) return matcher;
  return (entry) => {
    const verdict = matcher(entry);
    return verdict === TRUE || !namePasses(tests, entry, setting) ? verdict : TRUE;
  };
}

/** Without a rule, each type goes by its own: made ready once, and not for each entry. */
function nameTests(value: string, attribute: string): NameTests {
  const tests = new Map<AttributeType, ValueTest>();
  for (const type of findAttributeType(attribute)?.withSubtypes ?? []) {
    const test = type.equality && assertion(type.equality.name, value);
    if (test !== undefined) tests.set(type, test);
  }
  return tests;
}

function namePasses(tests: NameTests, entry: Entry, { scene }: Setting): boolean {
  for (const rdn of parseDn(entryDn(entry, scene.directory)) ?? []) {
    for (const { type, value } of rdn) {
      const attributeType = findAttributeType(type);
      const test = attributeType && tests.get(attributeType);
      if (test !== undefined && anyValue(value, test)) return true;
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
function assertion(rule: string, value: string): ValueTest | undefined {
  if (rule === BIT_AND || rule === BIT_OR) return bits(rule, value);
  const equality = equalityRule(rule);
  if (equality !== undefined) {
    const wanted = equality.prepare(value);
    if (wanted === undefined) return undefined;
    return { prepare: equality.prepare, holds: (prepared) => prepared === wanted };
  }
  const derived = derivedRule(rule);
  if (derived?.kind === 'substrings') {
    const parts = parseSubstrings(value);
    return parts && substringsOf(parts, derived.of);
  }
  if (derived?.of.order === undefined) return undefined;
  // An ordering rule is true of values below the asserted one (RFC 4517 §4.2.3).
  const { prepare, order } = derived.of;
  const wanted = prepare(value);
  if (wanted === undefined) return undefined;
  return { prepare, holds: (prepared) => order(prepared, wanted) < 0 };
}

const asNumber = (text: string) => (/^\d+$/.test(text) ? text : undefined);

function bits(rule: string, value: string): ValueTest | undefined {
  if (!/^(?:0|[1-9]\d{0,18})$/.test(value)) return undefined;
  const mask = BigInt(value);
  const holds = (text: string) => {
    const common = BigInt(text) & mask;
    return rule === BIT_AND ? common === mask : common !== 0n;
  };
  return { prepare: asNumber, holds };
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

/** How many values of an entry are looked at for an extensible match, at the most. */
export function typesAsked({ rule, attribute, dnAttributes }: Extensible): number {
  const types = attribute === undefined && rule !== undefined ? typesOf(rule).length : 1;
  return dnAttributes ? types + NAMES : types;
}

/** What taking an entry's name apart costs, in values that are compared. */
const NAMES = 8;

/** With a rule alone, all attributes that it applies to are looked at. */
function typesOf(rule: string): AttributeType[] {
  const substrings = derivedRule(rule)?.kind === 'substrings';
  return ATTRIBUTE_TYPES.filter((type) => applies(rule, type) && (!substrings || type.substrings));
}
