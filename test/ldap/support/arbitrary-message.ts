import fc from 'fast-check';
import type { Filter } from '../../../src/protocols/ldap/protocol/filter.ts';
import type { Control, Message, Request } from '../../../src/protocols/ldap/protocol/message.ts';

const MAX_INT = 2 ** 31 - 1;

/** Text of every kind, no lone surrogates: what a client can put on the wire. */
export const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.constantFrom('', 'uid', 'uid=alice,ou=people,o=lamyne', 'Élodie', '\ufeffalice', '\ufffd'),
);
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const count = fc.oneof(fc.nat(200), fc.nat(MAX_INT), fc.constantFrom(127, 128, 32_767, 32_768));
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

/** Of substrings: none is empty (RFC 4517 §3.3.30). */
const part = text.filter((each) => each !== '');

const substrings: fc.Arbitrary<Filter> = fc
  .record({
    type: fc.constant('substrings' as const),
    attribute: text,
    initial: maybe(part),
    any: fc.array(part, { maxLength: 4 }),
    final: maybe(part),
  })
  .filter(
    ({ initial, any, final }) => initial !== undefined || any.length > 0 || final !== undefined,
  );

const extensible: fc.Arbitrary<Filter> = fc
  .record({
    type: fc.constant('extensible' as const),
    rule: maybe(text),
    attribute: maybe(text),
    value: text,
    dnAttributes: fc.boolean(),
  })
  .filter(({ rule, attribute }) => rule !== undefined || attribute !== undefined);

/** Filters up to a depth that the decoder takes. */
export const filter: fc.Arbitrary<Filter> = fc.letrec<{ node: Filter }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', maxDepth: 20 },
    fc.record({
      type: fc.constantFrom('equality', 'approximate', 'greaterOrEqual', 'lessOrEqual'),
      attribute: text,
      value: text,
    }),
    fc.record({ type: fc.constant('present' as const), attribute: text }),
    substrings,
    extensible,
    fc.constant({ type: 'undefined' as const }),
    fc.record({
      type: fc.constantFrom('and', 'or'),
      filters: fc.array(tie('node'), { maxLength: 4 }),
    }),
    fc.record({ type: fc.constant('not' as const), filter: tie('node') }),
  ),
})).node;

const request: fc.Arbitrary<Request> = fc.oneof(
  fc.record({
    kind: fc.constant('bind' as const),
    version: fc.integer({ min: 1, max: 127 }),
    name: text,
    auth: fc.oneof(fc.record({ simple: bytes }), fc.record({ sasl: text })),
  }),
  fc.record({
    kind: fc.constant('search' as const),
    base: text,
    scope: fc.constantFrom('base', 'one', 'sub', 'children'),
    sizeLimit: count,
    timeLimit: count,
    typesOnly: fc.boolean(),
    filter,
    attributes: fc.array(text, { maxLength: 12 }),
  }),
  fc.record({
    kind: fc.constant('compare' as const),
    entry: text,
    attribute: text,
    value: maybe(text),
  }),
  fc.record({ kind: fc.constant('extended' as const), oid: text, value: maybe(bytes) }),
  fc.record({ kind: fc.constant('abandon' as const), target: count }),
  fc.record({ kind: fc.constantFrom('unbind', 'modify', 'add', 'del', 'modifyDn') }),
);

export const controls: fc.Arbitrary<Control[]> = fc.array(
  fc.record({ oid: text, critical: fc.boolean(), value: maybe(bytes) }),
  { maxLength: 5 },
);

/** Messages of every kind that decode to themselves. */
export const message: fc.Arbitrary<Message> = fc.record({
  id: count.filter((id) => id > 0),
  request,
  controls,
});
