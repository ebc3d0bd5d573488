import type { BerReader } from './ber-reader.ts';
import { BER } from './ber-reader.ts';
import type { Filter } from './filter.ts';
import { ProtocolError } from './result.ts';

/** Filters within filters: a single item has depth 1. Clients of ours use up to six. */
export const MAX_FILTER_DEPTH = 32;
/** Items and sets of one filter, all told: each is work for every entry that is judged. */
export const MAX_FILTER_NODES = 300;
/** Parts of the substrings of one filter, all told. */
export const MAX_SUBSTRINGS = 1_000;
/**
 * The longest value that is compared with anything; no entry has one as long. A longer one is of no syntax of
 * ours, so that its item is Undefined (RFC 4511 §4.5.1.7).
 */
export const MAX_ASSERTION_BYTES = 8_192;

/** Tags of the choices of a Filter (RFC 4511 §4.5.1.7). */
export const FILTER_TAG = {
  and: 0xa0,
  or: 0xa1,
  not: 0xa2,
  equality: 0xa3,
  substrings: 0xa4,
  greaterOrEqual: 0xa5,
  lessOrEqual: 0xa6,
  present: 0x87,
  approximate: 0xa8,
  extensible: 0xa9,
} as const;
export const SUBSTRING_TAG = { initial: 0x80, any: 0x81, final: 0x82 } as const;
export const EXTENSIBLE_TAG = {
  rule: 0x81,
  attribute: 0x82,
  value: 0x83,
  dnAttributes: 0x84,
} as const;

const UNDEFINED: Filter = { type: 'undefined' };
const CONTEXT_CLASS = 0x80;
const LAST_KNOWN_CHOICE = 9;

/** Reads the filter at the cursor. Depth and number are checked before anything deeper is read. */
export function decodeFilter(reader: BerReader): Filter {
  return decodeNode(reader, 1, { nodes: 0, substrings: 0 });
}

type Seen = { nodes: number; substrings: number };

function decodeNode(reader: BerReader, depth: number, seen: Seen): Filter {
  if (depth > MAX_FILTER_DEPTH) throw new ProtocolError('a filter too deep');
  if (++seen.nodes > MAX_FILTER_NODES) throw new ProtocolError('a filter of too many parts');
  const tag = reader.peek();
  switch (tag) {
    case FILTER_TAG.and:
      return { type: 'and', filters: decodeSet(reader, tag, depth, seen) };
    case FILTER_TAG.or:
      return { type: 'or', filters: decodeSet(reader, tag, depth, seen) };
    case FILTER_TAG.not: {
      const outer = reader.enter(tag);
      const filter = decodeNode(reader, depth + 1, seen);
      reader.leave(outer);
      return { type: 'not', filter };
    }
    case FILTER_TAG.equality:
      return decodeAssertion(reader, tag, 'equality');
    case FILTER_TAG.greaterOrEqual:
      return decodeAssertion(reader, tag, 'greaterOrEqual');
    case FILTER_TAG.lessOrEqual:
      return decodeAssertion(reader, tag, 'lessOrEqual');
    case FILTER_TAG.approximate:
      return decodeAssertion(reader, tag, 'approximate');
    case FILTER_TAG.present:
      return { type: 'present', attribute: reader.name(tag) };
    case FILTER_TAG.substrings:
      return decodeSubstrings(reader, seen);
    case FILTER_TAG.extensible:
      return decodeExtensible(reader);
    default:
      return decodeUnknown(reader, tag);
  }
}

/** The empty sets are legal: `(&)` is true, `(|)` is false (RFC 4526). */
function decodeSet(reader: BerReader, tag: number, depth: number, seen: Seen): Filter[] {
  const filters: Filter[] = [];
  const outer = reader.enter(tag);
  while (!reader.done) filters.push(decodeNode(reader, depth + 1, seen));
  reader.leave(outer);
  return filters;
}

function decodeAssertion(
  reader: BerReader,
  tag: number,
  type: 'equality' | 'greaterOrEqual' | 'lessOrEqual' | 'approximate',
): Filter {
  const outer = reader.enter(tag);
  const attribute = reader.name(BER.octetString);
  const value = reader.text(BER.octetString, MAX_ASSERTION_BYTES);
  reader.close(outer);
  return value === undefined ? UNDEFINED : { type, attribute, value };
}

/**
 * At least one substring; `initial` only first, `final` only last (RFC 4511 §4.5.1.7.2). None is empty (RFC 4517
 * §3.3.30): it would be found everywhere.
 */
function decodeSubstrings(reader: BerReader, seen: Seen): Filter {
  const outer = reader.enter(FILTER_TAG.substrings);
  const attribute = reader.name(BER.octetString);
  const list = reader.enter(BER.sequence);
  if (reader.done) throw new ProtocolError('a substring filter without substrings');
  let initial: string | undefined;
  let final: string | undefined;
  const any: string[] = [];
  let isText = true;
  for (let first = true, ended = false; !reader.done; first = false) {
    const tag = reader.peek();
    const known =
      tag === SUBSTRING_TAG.any || tag === SUBSTRING_TAG.final || tag === SUBSTRING_TAG.initial;
    if (!known || ended || (tag === SUBSTRING_TAG.initial && !first))
      throw new ProtocolError('substrings out of order');
    if (++seen.substrings > MAX_SUBSTRINGS) throw new ProtocolError('too many substrings');
    const text = reader.text(tag, MAX_ASSERTION_BYTES);
    if (text === '') throw new ProtocolError('an empty substring');
    if (text === undefined) isText = false;
    else if (tag === SUBSTRING_TAG.any) any.push(text);
    else if (tag === SUBSTRING_TAG.initial) initial = text;
    else final = text;
    ended = tag === SUBSTRING_TAG.final;
  }
  reader.leave(list);
  reader.close(outer);
  return isText ? { type: 'substrings', attribute, initial, any, final } : UNDEFINED;
}

/** A rule, an attribute, or both (RFC 4511 §4.5.1.7.7). */
function decodeExtensible(reader: BerReader): Filter {
  const outer = reader.enter(FILTER_TAG.extensible);
  const tag = EXTENSIBLE_TAG;
  const rule = reader.peek() === tag.rule ? reader.name(tag.rule) : undefined;
  const attribute = reader.peek() === tag.attribute ? reader.name(tag.attribute) : undefined;
  const value = reader.text(tag.value, MAX_ASSERTION_BYTES);
  const dnAttributes = reader.peek() === tag.dnAttributes && reader.boolean(tag.dnAttributes);
  reader.close(outer);
  if (rule === undefined && attribute === undefined)
    throw new ProtocolError('an extensible filter names neither rule nor attribute');
  return value === undefined
    ? UNDEFINED
    : { type: 'extensible', rule, attribute, value, dnAttributes };
}

/** A choice that a later version may have added is not implemented, hence Undefined (RFC 4511 §4.5.1.7). */
function decodeUnknown(reader: BerReader, tag: number): Filter {
  const isChoice = tag !== -1 && (tag & 0xc0) === CONTEXT_CLASS;
  if (!isChoice || (tag & 0x1f) <= LAST_KNOWN_CHOICE) throw new ProtocolError('not a filter');
  reader.skip();
  return UNDEFINED;
}
