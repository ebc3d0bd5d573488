import type { Filter } from '../../../../src/protocols/ldap/protocol/filter.ts';
import type { Outcome, Question } from './answers.ts';

type Asked = { question: Question; bridge: Outcome; slapd: Outcome };
type Item = Exclude<Filter, { filters: readonly Filter[] } | { filter: Filter }>;

/** Differences that were looked into, each with who is right by the RFCs. Anything else is a fault. */
const EXPLANATIONS: { reason: string; applies(asked: Asked): boolean }[] = [
  {
    reason:
      'RFC 4514 §3 lets a value in a name be empty; slapd holds it to the syntax of its attribute',
    applies: ({ question: { request }, slapd }) =>
      slapd.code === 34 &&
      /=\s*(?:,|$)/.test(request.kind === 'search' ? request.base : request.entry),
  },
  {
    reason:
      'an entry or attribute that is missing and a value that cannot be one of its: RFC 4511 §4.10 does not say which is told first',
    applies: ({ question: { request }, bridge, slapd }) =>
      request.kind === 'compare' &&
      [16, 32].includes(bridge.code) &&
      [17, 18, 21].includes(slapd.code),
  },
  {
    reason: 'the bridge overlooks spaces around the name of an object class',
    applies: ({ question }) =>
      assertionsOf(question).some(
        ({ attribute, value }) => isObjectClass(attribute) && value !== value.trim(),
      ),
  },
  {
    reason:
      'slapd has a structuralObjectClass match the classes above it, which objectIdentifierMatch does not (RFC 4517 §4.2.26)',
    applies: ({ question }) =>
      assertionsOf(question).some(({ attribute }) => /^structuralObjectClass$/i.test(attribute)),
  },
  {
    reason:
      'slapd makes subschemaSubentry, hasSubordinates and entryDN up as it answers, and has them in some filters only; RFC 4512 §3.4 makes them attributes as any',
    applies: ({ question }) =>
      itemsOf(question).some(
        (item) =>
          ('attribute' in item && isNamed(item, 'subschemaSubentry')) ||
          (item.type === 'extensible' &&
            (item.attribute === undefined
              ? /^(?:boolean|distinguishedName)Match$/.test(item.rule ?? '')
              : /^(?:hasSubordinates|entryDN|1\.3\.6\.1\.1\.20)$/i.test(item.attribute))),
      ),
  },
  {
    reason:
      'the bridge lets the rules for Directory String and IA5 String look at values of either',
    applies: ({ question }) =>
      itemsOf(question).some(
        (item) => item.type === 'extensible' && /^case|^2\.5\.13\.2$/.test(item.rule ?? ''),
      ),
  },
  {
    reason:
      'what is approximately equal is everybody’s own choice (RFC 4511 §4.5.1.7.6): slapd goes by sound',
    applies: ({ question }) => itemsOf(question).some(({ type }) => type === 'approximate'),
  },
  {
    reason:
      'prepared values begin and end with a space (RFC 4518 §2.6.1), so that parts at their ends may, too; slapd has them not',
    applies: ({ question }) =>
      itemsOf(question).some(
        (item) =>
          item.type === 'substrings' &&
          [item.initial, ...item.any, item.final].some((part) => /^\s|\s$/.test(part ?? '')),
      ),
  },
  {
    reason:
      'the bridge takes any text for IA5 String: addresses (RFC 6531) and home folders may have other letters',
    applies: ({ question }) =>
      assertionsOf(question).some(
        ({ attribute, value }) =>
          /^(?:mail|rfc822Mailbox|loginShell|homeDirectory)$/i.test(attribute) &&
          /[^\0-\x7f]/.test(value),
      ),
  },
  {
    reason:
      'slapd finds nothing by objectIdentifierMatch in an extensible filter, though it is the rule of objectClass (RFC 4512 §3.3)',
    applies: ({ question }) =>
      itemsOf(question).some(
        (item) => item.type === 'extensible' && item.rule === 'objectIdentifierMatch',
      ),
  },
  {
    reason:
      'the bridge reads names of unknown types, and one of nothing but spaces; slapd takes them for malformed (RFC 4514 §3 for the latter)',
    applies: ({ question }) =>
      assertionsOf(question).some(({ value }) => /^(?: +|n=x.*)$/.test(value)),
  },
  {
    reason:
      'the bridge takes the end forms of sigma for one letter at the end of words, as usernames do everywhere; RFC 4518 §2.2 everywhere, slapd nowhere',
    applies: ({ question }) => assertionsOf(question).some(({ value }) => /[σςΣ]/.test(value)),
  },
  {
    reason:
      'slapd lowers letters one by one and keeps what cannot be seen; RFC 4518 §2.2 folds İ into two, and drops soft hyphens and joiners',
    applies: ({ question }) =>
      assertionsOf(question).some(({ value }) =>
        /İ|\u0307|\p{Default_Ignorable_Code_Point}/iu.test(value),
      ),
  },
  {
    reason: 'slapd has no UUIDMatch in extensible filters',
    applies: ({ question }) =>
      itemsOf(question).some(
        (item) =>
          item.type === 'extensible' &&
          (item.rule === 'UUIDMatch' ||
            /^(?:entryUUID|1\.3\.6\.1\.1\.16\.4)$/i.test(item.attribute ?? '')),
      ),
  },
  {
    reason:
      'slapd does not compare entryDN, and takes hasSubordinates of a missing entry for success',
    applies: ({ question: { request }, slapd }) =>
      request.kind === 'compare' &&
      (slapd.code === 53 || (slapd.code === 0 && isNamed(request, 'hasSubordinates'))),
  },
];

export function explanationOf(asked: Asked): string | undefined {
  return EXPLANATIONS.find(({ applies }) => applies(asked))?.reason;
}

function isObjectClass(attribute: string): boolean {
  return /^(?:objectClass|structuralObjectClass|2\.5\.4\.0)$/i.test(attribute);
}

function isNamed({ attribute }: { attribute: string | undefined }, name: string): boolean {
  return attribute?.toLowerCase() === name.toLowerCase();
}

/** The items of a search's filter; none of a compare's. */
function itemsOf({ request }: Question): Item[] {
  return request.kind === 'search' ? flatten(request.filter) : [];
}

function flatten(filter: Filter): Item[] {
  if ('filters' in filter) return filter.filters.flatMap(flatten);
  return 'filter' in filter ? flatten(filter.filter) : [filter];
}

/** What is asserted of an attribute, by a filter's items or a compare. */
function assertionsOf(question: Question): { attribute: string; value: string }[] {
  const { request } = question;
  if (request.kind === 'compare') return [{ ...request, value: request.value ?? '' }];
  return itemsOf(question).flatMap((item) =>
    'value' in item
      ? [{ attribute: item.attribute ?? '', value: item.value }]
      : item.type === 'substrings'
        ? [{ attribute: item.attribute, value: [item.initial, ...item.any, item.final].join('') }]
        : [],
  );
}
