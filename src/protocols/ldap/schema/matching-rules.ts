import { dnKey, parseDn } from '../../../platform/distinguished-names/dn.ts';
import { canonicalOid } from '../../../platform/distinguished-names/oid-names.ts';
import {
  foldCase,
  foldPart,
  keepCase,
  keepPart,
} from '../../../platform/distinguished-names/prepare.ts';
import { isUuid } from '../../../platform/text/uuid.ts';

/** A matching rule (RFC 4517 §4.2): two values match when what `prepare` makes of them is equal. */
export type MatchingRule = {
  name: string;
  oid: string;
  syntax: string;
  /** Undefined when the text is not of the rule's syntax: the assertion is then Undefined (RFC 4511 §4.5.1.7). */
  prepare(text: string): string | undefined;
  /** How parts of a substrings assertion are prepared; absent where the rule has no substrings. */
  preparePart?(text: string): string;
  /** Whether prepared values order as their texts do, by code point; integers do not. */
  order?(a: string, b: string): number;
};

export const SYNTAX = {
  boolean: '1.3.6.1.4.1.1466.115.121.1.7',
  directoryString: '1.3.6.1.4.1.1466.115.121.1.15',
  distinguishedName: '1.3.6.1.4.1.1466.115.121.1.12',
  generalizedTime: '1.3.6.1.4.1.1466.115.121.1.24',
  ia5String: '1.3.6.1.4.1.1466.115.121.1.26',
  integer: '1.3.6.1.4.1.1466.115.121.1.27',
  nameAndOptionalUid: '1.3.6.1.4.1.1466.115.121.1.34',
  octetString: '1.3.6.1.4.1.1466.115.121.1.40',
  oid: '1.3.6.1.4.1.1466.115.121.1.38',
  substringAssertion: '1.3.6.1.4.1.1466.115.121.1.58',
  uuid: '1.3.6.1.1.16.1',
  attributeTypeDescription: '1.3.6.1.4.1.1466.115.121.1.3',
  objectClassDescription: '1.3.6.1.4.1.1466.115.121.1.37',
  matchingRuleDescription: '1.3.6.1.4.1.1466.115.121.1.30',
  matchingRuleUseDescription: '1.3.6.1.4.1.1466.115.121.1.31',
  ldapSyntaxDescription: '1.3.6.1.4.1.1466.115.121.1.54',
} as const;

const byCodePoint = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

// A Directory String has a character at least (RFC 4517 §3.3.6).
const caseIgnore = {
  prepare: (text: string) => (text === '' ? undefined : foldCase(text)),
  preparePart: foldPart,
  order: byCodePoint,
};
const caseExact = {
  prepare: (text: string) => (text === '' ? undefined : keepCase(text)),
  preparePart: keepPart,
  order: byCodePoint,
};

export const RULES = {
  caseIgnoreMatch: rule('caseIgnoreMatch', '2.5.13.2', SYNTAX.directoryString, caseIgnore),
  caseExactMatch: rule('caseExactMatch', '2.5.13.5', SYNTAX.directoryString, caseExact),
  caseIgnoreIA5Match: rule(
    'caseIgnoreIA5Match',
    '1.3.6.1.4.1.1466.109.114.2',
    SYNTAX.ia5String,
    caseIgnore,
  ),
  caseExactIA5Match: rule(
    'caseExactIA5Match',
    '1.3.6.1.4.1.1466.109.114.1',
    SYNTAX.ia5String,
    caseExact,
  ),
  distinguishedNameMatch: rule('distinguishedNameMatch', '2.5.13.1', SYNTAX.distinguishedName, {
    prepare: preparedDn,
  }),
  // Of values with no UID after them, as ours are, it is the same (RFC 4517 §4.2.31).
  uniqueMemberMatch: rule('uniqueMemberMatch', '2.5.13.23', SYNTAX.nameAndOptionalUid, {
    prepare: preparedDn,
  }),
  objectIdentifierMatch: rule('objectIdentifierMatch', '2.5.13.0', SYNTAX.oid, {
    prepare: canonicalOid,
  }),
  objectIdentifierFirstComponentMatch: rule(
    'objectIdentifierFirstComponentMatch',
    '2.5.13.30',
    SYNTAX.oid,
    { prepare: firstComponent },
  ),
  integerMatch: rule('integerMatch', '2.5.13.14', SYNTAX.integer, {
    prepare: preparedInteger,
    order: (a, b) => (BigInt(a) < BigInt(b) ? -1 : a === b ? 0 : 1),
  }),
  booleanMatch: rule('booleanMatch', '2.5.13.13', SYNTAX.boolean, {
    prepare: (text) => (text === 'TRUE' || text === 'FALSE' ? text : undefined),
  }),
  generalizedTimeMatch: rule('generalizedTimeMatch', '2.5.13.27', SYNTAX.generalizedTime, {
    prepare: preparedTime,
    order: byCodePoint,
  }),
  uuidMatch: rule('UUIDMatch', '1.3.6.1.1.16.2', SYNTAX.uuid, {
    prepare: preparedUuid,
    order: byCodePoint,
  }),
  octetStringMatch: rule('octetStringMatch', '2.5.13.17', SYNTAX.octetString, {
    prepare: (text) => text,
  }),
} as const;

/** Ordering and substrings rules: named in the schema and in extensible filters, and done by their equality rule. */
export const DERIVED_RULES: {
  name: string;
  oid: string;
  syntax: string;
  kind: 'ordering' | 'substrings';
  of: MatchingRule;
}[] = [
  derived('caseIgnoreOrderingMatch', '2.5.13.3', 'ordering', RULES.caseIgnoreMatch),
  derived('caseExactOrderingMatch', '2.5.13.6', 'ordering', RULES.caseExactMatch),
  derived('integerOrderingMatch', '2.5.13.15', 'ordering', RULES.integerMatch),
  derived('generalizedTimeOrderingMatch', '2.5.13.28', 'ordering', RULES.generalizedTimeMatch),
  derived('UUIDOrderingMatch', '1.3.6.1.1.16.3', 'ordering', RULES.uuidMatch),
  derived('caseIgnoreSubstringsMatch', '2.5.13.4', 'substrings', RULES.caseIgnoreMatch),
  derived('caseExactSubstringsMatch', '2.5.13.7', 'substrings', RULES.caseExactMatch),
  derived(
    'caseIgnoreIA5SubstringsMatch',
    '1.3.6.1.4.1.1466.109.114.3',
    'substrings',
    RULES.caseIgnoreIA5Match,
  ),
];

function rule(
  name: string,
  oid: string,
  syntax: string,
  how: Omit<MatchingRule, 'name' | 'oid' | 'syntax'>,
): MatchingRule {
  return { name, oid, syntax, ...how };
}

function derived(name: string, oid: string, kind: 'ordering' | 'substrings', of: MatchingRule) {
  const syntax = kind === 'substrings' ? SYNTAX.substringAssertion : of.syntax;
  return { name, oid, syntax, kind, of };
}

function preparedDn(text: string): string | undefined {
  const dn = parseDn(text);
  return dn === undefined ? undefined : dnKey(dn);
}

/** A schema description by the OID that it begins with, or by that element's name. */
function firstComponent(text: string): string | undefined {
  return canonicalOid(/^\(\s*([^\s]+)/.exec(text)?.[1] ?? text);
}

function preparedInteger(text: string): string | undefined {
  // No zeros in front (RFC 4517 §3.3.16).
  return /^(?:0|-?[1-9]\d{0,39})$/.test(text) ? BigInt(text).toString() : undefined;
}

function preparedUuid(text: string): string | undefined {
  const lower = text.toLowerCase();
  return isUuid(lower) ? lower : undefined;
}

const TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(?:(\d\d)(\d\d)?)?(?:[.,](\d+))?(Z|[+-]\d\d(?:\d\d)?)$/;

/** Generalized Time (RFC 4517 §3.3.13) as milliseconds since 1970, padded so that texts order as times do. */
function preparedTime(text: string): string | undefined {
  const match = TIME.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction, zone] = match as unknown as string[];
  const part = (value: string | undefined) => Number(value ?? 0);
  const base = Date.UTC(
    part(year),
    part(month) - 1,
    part(day),
    part(hour),
    part(minute),
    part(second),
  );
  const date = new Date(base);
  // What does not come back as it went in was no date (month 13, hour 25).
  if (date.getUTCMonth() !== part(month) - 1 || date.getUTCDate() !== part(day)) return undefined;
  if (part(hour) > 23 || part(minute) > 59 || part(second) > 60) return undefined;
  const unit = second !== undefined ? 1_000 : minute !== undefined ? 60_000 : 3_600_000;
  const milliseconds = base + Number(`0.${fraction ?? 0}`) * unit - zoneOffset(zone as string);
  return String(Math.round(milliseconds) + 1e15).padStart(17, '0');
}

function zoneOffset(zone: string): number {
  if (zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3, 5) || 0);
  return (zone.startsWith('-') ? -1 : 1) * minutes * 60_000;
}
