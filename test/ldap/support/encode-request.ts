import type { Filter } from '../../../src/protocols/ldap/protocol/filter.ts';
import type {
  BindRequest,
  Control,
  Message,
  Request,
} from '../../../src/protocols/ldap/protocol/message.ts';
import { parseFilter } from './parse-filter.ts';

/** The client's half of the codec, written apart from the server's so that a fault in one shows. */

type Write = Extract<Request, { kind: 'modify' | 'add' | 'del' | 'modifyDn' }>;

/** One LDAPMessage, in the shortest form. */
export function encodeRequest(message: Message): Buffer {
  const parts = [integer(0x02, message.id), encodeOperation(message.request)];
  if (message.controls.length > 0)
    parts.push(element(0xa0, ...message.controls.map(encodeControl)));
  return element(0x30, ...parts);
}

export function encodeBind(id: number, name: string, password: string): Buffer {
  return encodeRequest({
    id,
    request: { kind: 'bind', version: 3, name, auth: { simple: Buffer.from(password) } },
    controls: [],
  });
}

export type SearchOptions = {
  scope?: 'base' | 'one' | 'sub' | 'children';
  sizeLimit?: number;
  timeLimit?: number;
  typesOnly?: boolean;
  attributes?: string[];
  controls?: readonly Control[];
};

/** @param filter in its string form (RFC 4515). */
export function encodeSearch(
  id: number,
  base: string,
  filter: string,
  options: SearchOptions = {},
): Buffer {
  const { scope = 'sub', sizeLimit = 0, timeLimit = 0, typesOnly = false } = options;
  const { attributes = [], controls = [] } = options;
  const parsed = parseFilter(filter);
  return encodeRequest({
    id,
    request: {
      kind: 'search',
      base,
      scope,
      sizeLimit,
      timeLimit,
      typesOnly,
      filter: parsed,
      attributes,
    },
    controls,
  });
}

/** A tag, the shortest length, and the contents. */
export function element(tag: number, ...contents: (Buffer | string)[]): Buffer {
  const body = Buffer.concat(contents.map((part) => Buffer.from(part)));
  const size = body.length;
  const length = size < 0x80 ? [size] : longLength(size);
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

/** An INTEGER or ENUMERATED of at most 32 bits, in the shortest form. */
export function integer(tag: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  let first = 0;
  while (first < 3 && bytes.readInt16BE(first) >> 7 === bytes.readInt8(first + 1) >> 7) first++;
  return element(tag, bytes.subarray(first));
}

function longLength(size: number): number[] {
  const bytes: number[] = [];
  for (let rest = size; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 | bytes.length, ...bytes];
}

function encodeOperation(request: Request): Buffer {
  switch (request.kind) {
    case 'bind':
      return encodeBindRequest(request);
    case 'unbind':
      return element(0x42);
    case 'abandon':
      return integer(0x50, request.target);
    case 'search':
      return element(
        0x63,
        element(0x04, request.base),
        integer(0x0a, ['base', 'one', 'sub', 'children'].indexOf(request.scope)),
        integer(0x0a, 0),
        integer(0x02, request.sizeLimit),
        integer(0x02, request.timeLimit),
        boolean(0x01, request.typesOnly),
        encodeFilter(request.filter),
        element(0x30, ...request.attributes.map((name) => element(0x04, name))),
      );
    case 'compare':
      return element(
        0x6e,
        element(0x04, request.entry),
        element(0x30, element(0x04, request.attribute), element(0x04, request.value ?? NOT_TEXT)),
      );
    case 'extended':
      return element(
        0x77,
        element(0x80, request.oid),
        ...(request.value ? [element(0x81, request.value)] : []),
      );
    default:
      return encodeWrite(request);
  }
}

/** Bytes that no UTF-8 text has. */
const NOT_TEXT = Buffer.from([0xff]);

function encodeBindRequest({ version, name, auth }: BindRequest): Buffer {
  const choice =
    'simple' in auth ? element(0x80, auth.simple) : element(0xa3, element(0x04, auth.sasl));
  return element(0x60, integer(0x02, version), element(0x04, name), choice);
}

/** What a write would write is not in a `Message`; any will do. */
function encodeWrite({ kind }: Write): Buffer {
  const entry = element(0x04, 'uid=alice,ou=people,o=lamyne');
  const attribute = element(0x30, element(0x04, 'sn'), element(0x31, element(0x04, 'Martin')));
  switch (kind) {
    case 'del':
      return element(0x4a, 'uid=alice,ou=people,o=lamyne');
    case 'add':
      return element(0x68, entry, element(0x30, attribute));
    case 'modify':
      return element(0x66, entry, element(0x30, element(0x30, integer(0x0a, 2), attribute)));
    case 'modifyDn':
      return element(0x6c, entry, element(0x04, 'uid=alix'), boolean(0x01, true));
  }
}

export function encodeFilter(filter: Filter): Buffer {
  switch (filter.type) {
    case 'and':
      return element(0xa0, ...filter.filters.map(encodeFilter));
    case 'or':
      return element(0xa1, ...filter.filters.map(encodeFilter));
    case 'not':
      return element(0xa2, encodeFilter(filter.filter));
    case 'present':
      return element(0x87, filter.attribute);
    case 'equality':
      return assertion(0xa3, filter.attribute, filter.value);
    case 'greaterOrEqual':
      return assertion(0xa5, filter.attribute, filter.value);
    case 'lessOrEqual':
      return assertion(0xa6, filter.attribute, filter.value);
    case 'approximate':
      return assertion(0xa8, filter.attribute, filter.value);
    case 'substrings':
      return element(0xa4, element(0x04, filter.attribute), encodeSubstrings(filter));
    case 'extensible':
      return element(
        0xa9,
        optional(0x81, filter.rule),
        optional(0x82, filter.attribute),
        element(0x83, filter.value),
        filter.dnAttributes ? boolean(0x84, true) : '',
      );
    case 'undefined':
      return assertion(0xa3, 'cn', NOT_TEXT);
  }
}

function encodeSubstrings(filter: Extract<Filter, { type: 'substrings' }>): Buffer {
  const any = filter.any.map((part) => element(0x81, part));
  return element(0x30, optional(0x80, filter.initial), ...any, optional(0x82, filter.final));
}

function assertion(tag: number, attribute: string, value: string | Buffer): Buffer {
  return element(tag, element(0x04, attribute), element(0x04, value));
}

function optional(tag: number, value: string | undefined): Buffer | string {
  return value === undefined ? '' : element(tag, value);
}

function boolean(tag: number, value: boolean): Buffer {
  return element(tag, Buffer.of(value ? 0xff : 0));
}

function encodeControl({ oid, critical, value }: Control): Buffer {
  return element(
    0x30,
    element(0x04, oid),
    critical ? boolean(0x01, true) : '',
    value ? element(0x04, value) : '',
  );
}
