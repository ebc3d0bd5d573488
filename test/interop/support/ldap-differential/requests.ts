import fc from 'fast-check';
import type { Filter } from '../../../../src/protocols/ldap/protocol/filter.ts';
import type {
  CompareRequest,
  SearchRequest,
} from '../../../../src/protocols/ldap/protocol/message.ts';
import type { Question } from './answers.ts';
import type { Entry } from './ldif.ts';
import { BASE } from './source.ts';
import { spelledDn, spellings } from './spellings.ts';

type Kind = 'text' | 'dn' | 'number' | 'time' | 'uuid' | 'oid' | 'boolean' | 'none';

/** Every attribute type that is asked about, with other names of it. */
const TYPES: Record<string, [Kind, ...string[]]> = {
  uid: ['text', 'userid', '0.9.2342.19200300.100.1.1'],
  cn: ['text', 'commonName', '2.5.4.3'],
  sn: ['text', 'surname', '2.5.4.4'],
  givenName: ['text', 'gn', '2.5.4.42'],
  displayName: ['text', '2.16.840.1.113730.3.1.241'],
  mail: ['text', 'rfc822Mailbox'],
  preferredLanguage: ['text'],
  description: ['text', '2.5.4.13'],
  o: ['text', 'organizationName'],
  ou: ['text', 'organizationalUnitName'],
  name: ['text', '2.5.4.41'],
  memberUid: ['text'],
  homeDirectory: ['text'],
  loginShell: ['text'],
  member: ['dn', '2.5.4.31'],
  uniqueMember: ['dn'],
  memberOf: ['dn', '1.2.840.113556.1.2.102'],
  entryDN: ['dn', '1.3.6.1.1.20'],
  distinguishedName: ['dn'],
  subschemaSubentry: ['dn'],
  uidNumber: ['number', '1.3.6.1.1.1.1.0'],
  gidNumber: ['number'],
  createTimestamp: ['time', '2.5.18.1'],
  modifyTimestamp: ['time'],
  entryUUID: ['uuid', '1.3.6.1.1.16.4'],
  objectClass: ['oid', '2.5.4.0'],
  structuralObjectClass: ['oid'],
  hasSubordinates: ['boolean'],
  // In the schema, on no entry.
  telephoneNumber: ['none'],
  title: ['none'],
  seeAlso: ['none'],
  jpegPhoto: ['none'],
  // In no schema.
  shoeSize: ['none'],
  '1.2.3.4.5': ['none'],
};
const NAMES = Object.keys(TYPES);

const JUNK: Record<Kind, string[]> = {
  text: ['zz', ' ', 'é', 'E\u0301', '🚀', '*', 'martin', 'a', '\\', '(', 'membre1'],
  dn: ['', 'cn=x', `cn=nobody,ou=groups,${BASE}`, 'not a name', `ou=people,${BASE}`, 'dc=example'],
  number: ['0', '-1', '10001', '010001', '99999999999999999999', 'ten', '', '1e3', ' 10001'],
  time: ['20200101000000Z', '29991231235959Z', '202001010000Z', '20201301000000Z', 'today', ''],
  uuid: ['00000000-0000-0000-0000-000000000000', 'zz', ''],
  oid: ['top', 'INETORGPERSON', '2.5.6.0', 'posixgroup', 'noSuchClass', '1.2.3', '2.5.6.7'],
  boolean: ['TRUE', 'FALSE', 'true', 'maybe'],
  none: ['x', '+33 1', '', 'cn=x'],
};

const RULES = [
  'caseIgnoreMatch',
  'caseExactMatch',
  '2.5.13.2',
  'caseIgnoreIA5Match',
  'distinguishedNameMatch',
  'integerMatch',
  'objectIdentifierMatch',
  'generalizedTimeMatch',
  'UUIDMatch',
  'booleanMatch',
  '1.2.840.113556.1.4.803',
  '1.2.840.113556.1.4.804',
  'caseIgnoreSubstringsMatch',
  'noSuchMatch',
];

const TEXTS = ['uid', 'cn', 'sn', 'givenName', 'displayName', 'mail', 'description', 'name'];
const TYPED = [
  'memberOf',
  'member',
  'uniqueMember',
  'entryDN',
  'uidNumber',
  'modifyTimestamp',
  'objectClass',
  'entryUUID',
];
/** Mostly types that entries have. */
const typeNames = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 3, arbitrary: fc.constantFrom(...TYPED) },
  { weight: 3, arbitrary: fc.constantFrom(...NAMES) },
);

/** Questions about a directory that holds these entries. */
export function questions(entries: readonly Entry[]): fc.Arbitrary<Question> {
  const values = valuesByType(entries);
  const search = fc
    .tuple(places(entries), filtersOver(values), attributeLists())
    .chain(([{ base, scope }, filter, attributes]) =>
      fc.record({
        kind: fc.constant('search' as const),
        base: spelledDn(base),
        scope: fc.constant(scope),
        sizeLimit: fc.oneof(
          { weight: 9, arbitrary: fc.constant(0) },
          { weight: 1, arbitrary: fc.integer({ min: 1, max: 40 }) },
        ),
        timeLimit: fc.constantFrom(0, 0, 60),
        typesOnly: fc.boolean(),
        filter: fc.constant(filter),
        attributes: fc.constant(attributes),
      }),
    );
  const pageSize = fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined, freq: 6 });
  return fc.oneof(
    { weight: 8, arbitrary: fc.record({ request: search, pageSize }) },
    { weight: 2, arbitrary: compares(entries, values).map((request) => ({ request })) },
  );
}

/** Where to search: mostly where there is something. */
function places(entries: readonly Entry[]): fc.Arbitrary<Pick<SearchRequest, 'base' | 'scope'>> {
  const units = ['people', 'groups', 'services'].map((ou) => `ou=${ou},${BASE}`);
  const scope = fc.constantFrom<SearchRequest['scope'][]>('base', 'one', 'sub', 'children');
  const at = (base: fc.Arbitrary<string>, scopes = scope) => fc.record({ base, scope: scopes });
  return fc.oneof(
    { weight: 6, arbitrary: at(fc.constant(BASE), fc.constantFrom('sub', 'sub', 'children')) },
    { weight: 3, arbitrary: at(fc.constantFrom(BASE, ...units)) },
    { weight: 2, arbitrary: at(fc.constantFrom(...entries.map(({ dn }) => dn))) },
    { weight: 1, arbitrary: at(fc.constantFrom(...NOWHERE)) },
  );
}

const NOWHERE = [
  `uid=nobody,ou=people,${BASE}`,
  `uid=x,uid=alice,ou=people,${BASE}`,
  `cn=a,cn=b,ou=nowhere,${BASE}`,
  'dc=example',
  'o=elsewhere',
  'no name',
  `cn=,ou=groups,${BASE}`,
  `uid=alice+cn=Alice Martin,ou=people,${BASE}`,
];

/** Of an entry's own values, and of others. */
function compares(
  entries: readonly Entry[],
  values: ReadonlyMap<string, string[]>,
): fc.Arbitrary<CompareRequest> {
  const own = fc.constantFrom(...entries).chain(({ dn, values: pairs }) =>
    fc.constantFrom(...pairs).chain(([name, value]) =>
      fc.record({
        kind: fc.constant('compare' as const),
        entry: spelledDn(dn),
        attribute: spelledName([name]),
        value: TYPES[name]?.[0] === 'dn' ? spelledDn(value) : spellings(fc.constant(value)),
      }),
    ),
  );
  const any = fc
    .tuple(
      fc.oneof(fc.constantFrom(...entries.map(({ dn }) => dn)), fc.constantFrom(...NOWHERE)),
      assertions(values),
    )
    .chain(([dn, assertion]) =>
      spelledDn(dn).map((entry): CompareRequest => ({ kind: 'compare', entry, ...assertion })),
    );
  return fc.oneof(own, any);
}

function valuesByType(entries: readonly Entry[]): Map<string, string[]> {
  const values = new Map<string, Set<string>>(NAMES.map((name) => [name, new Set()]));
  const add = (name: string, value: string) => values.get(name)?.add(value);
  for (const { dn, values: pairs } of entries) {
    add('entryDN', dn);
    for (const [name, value] of pairs) {
      add(name, value);
      if (['cn', 'sn', 'ou', 'givenName'].includes(name)) add('name', value);
      if (name === 'member') add('distinguishedName', value);
    }
  }
  add('subschemaSubentry', 'cn=subschema');
  return new Map([...values].map(([name, set]) => [name, [...set]]));
}

/** A type, spelled somehow, and something that is or is like a value of it. */
function assertions(
  values: ReadonlyMap<string, string[]>,
): fc.Arbitrary<{ attribute: string; value: string }> {
  return typeNames.chain((name) => {
    const [kind, ...others] = TYPES[name] as [Kind, ...string[]];
    const known = values.get(name) ?? [];
    const junk = fc.constantFrom(...JUNK[kind]);
    const real = fc.constantFrom(...(known.length === 0 ? JUNK[kind] : known));
    const value = kind === 'dn' ? real.chain(spelledDn) : spellings(real);
    return fc.record({
      attribute: spelledName([name, ...others]),
      value: fc.oneof({ weight: 4, arbitrary: value }, { weight: 1, arbitrary: junk }),
    });
  });
}

function spelledName(names: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant(names[0] as string) },
    { weight: 2, arbitrary: fc.constantFrom(...names) },
    { weight: 1, arbitrary: fc.constantFrom(...names).map((name) => name.toUpperCase()) },
  );
}

function filtersOver(values: ReadonlyMap<string, string[]>): fc.Arbitrary<Filter> {
  const assertion = assertions(values);
  const items: fc.Arbitrary<Filter> = fc.oneof(
    { weight: 5, arbitrary: assertion.map((each) => ({ type: 'equality' as const, ...each })) },
    {
      weight: 3,
      arbitrary: assertion.map(({ attribute }) => ({ type: 'present' as const, attribute })),
    },
    { weight: 4, arbitrary: assertion.chain(substrings) },
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.constantFrom('greaterOrEqual' as const, 'lessOrEqual' as const), assertion)
        .map(([type, each]) => ({ type, ...each })),
    },
    { weight: 1, arbitrary: assertion.map((each) => ({ type: 'approximate' as const, ...each })) },
    { weight: 2, arbitrary: assertion.chain(extensible) },
    { weight: 1, arbitrary: fc.constant({ type: 'undefined' as const }) },
  );
  return fc.letrec<{ node: Filter }>((tie) => ({
    node: fc.oneof(
      { depthSize: 'small', maxDepth: 4 },
      items,
      fc.record({
        type: fc.constantFrom('and', 'or'),
        filters: fc.array(tie('node'), { maxLength: 3 }),
      }),
      fc.record({ type: fc.constant('not' as const), filter: tie('node') }),
    ),
  })).node;
}

/** Parts of a value in their order, or of nothing. */
function substrings({ attribute, value }: { attribute: string; value: string }) {
  const chars = [...value];
  const cut = fc.array(fc.nat(chars.length), { minLength: 2, maxLength: 6 }).map((places) => {
    const at = places.sort((a, b) => a - b);
    const pieces: string[] = [];
    for (let i = 0; i + 1 < at.length; i += 2) pieces.push(chars.slice(at[i], at[i + 1]).join(''));
    return { pieces, fromStart: at[0] === 0, toEnd: at.at(-1) === chars.length };
  });
  return cut.map(({ pieces, fromStart, toEnd }): Filter => {
    const filled = pieces.filter((piece) => piece !== '');
    const any = filled.length === 0 ? ['a'] : filled;
    const initial = fromStart ? any.shift() : undefined;
    const final = toEnd ? any.pop() : undefined;
    return { type: 'substrings', attribute, initial, any, final };
  });
}

function extensible({ attribute, value }: { attribute: string; value: string }) {
  return fc
    .record({
      rule: fc.option(fc.constantFrom(...RULES), { nil: undefined, freq: 3 }),
      named: fc.boolean(),
      dnAttributes: fc.boolean(),
    })
    .map(
      ({ rule, named, dnAttributes }): Filter => ({
        type: 'extensible',
        rule,
        attribute: named || rule === undefined ? attribute : undefined,
        value,
        dnAttributes,
      }),
    );
}

function attributeLists(): fc.Arbitrary<string[]> {
  const name = typeNames.chain((each) => {
    const [, ...others] = TYPES[each] as [Kind, ...string[]];
    return spelledName([each, ...others]);
  });
  return fc.oneof(
    fc.constant<string[]>([]),
    fc.array(
      fc.oneof(
        { weight: 5, arbitrary: name },
        { weight: 1, arbitrary: fc.constantFrom('*', '+', '1.1', 'userPassword', '') },
      ),
      { maxLength: 4 },
    ),
  );
}
