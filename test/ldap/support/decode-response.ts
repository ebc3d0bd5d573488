import type { Control } from '../../../src/protocols/ldap/protocol/message.ts';

/** What a client reads of an answer. Of the kinds of response, those that this server may give. */
export type Response = {
  id: number;
  /** The protocol operation's tag (`TAG`). */
  tag: number;
  controls: Control[];
  /** Of a search result entry only. */
  entry?: { dn: string; attributes: Map<string, string[]> };
  /** Of everything else. */
  result?: ResponseResult;
};
export type ResponseResult = {
  code: number;
  matchedDn: string;
  message: string;
  responseName?: string;
  responseValue?: Buffer;
};

type Element = { tag: number; contents: Buffer };

/** Reads whole answers; throws on anything that is not made of them. */
export function decodeResponses(bytes: Buffer): Response[] {
  return elements(bytes).map(({ tag, contents }) => {
    if (tag !== 0x30) throw new Error(`not a message: tag ${tag}`);
    return decodeResponse(contents);
  });
}

/**
 * The cheapest reading of what has arrived, for load programs: calls back for every whole answer and
 * gives the number of bytes that these took. `code` is -1 for an entry.
 */
export function scanResponses(
  bytes: Buffer,
  onResponse: (id: number, tag: number, code: number) => void,
): number {
  let at = 0;
  for (;;) {
    const body = contentsAt(bytes, at);
    if (body === INCOMPLETE) return at;
    const end = body + lengthAt(bytes, at + 1);
    if (end > bytes.length) return at;
    const idSize = bytes[body + 1] as number;
    const operation = body + 2 + idSize;
    const tag = bytes[operation] as number;
    const code = tag === 0x64 ? -1 : (bytes[contentsAt(bytes, operation) + 2] as number);
    onResponse(bytes.readIntBE(body + 2, idSize), tag, code);
    at = end;
  }
}

const INCOMPLETE = -1;

/** Index of the contents of the element at `at`, or INCOMPLETE while its header is. */
function contentsAt(bytes: Buffer, at: number): number {
  if (at + 2 > bytes.length) return INCOMPLETE;
  const first = bytes[at + 1] as number;
  const contents = at + 2 + (first > 0x80 ? first & 0x7f : 0);
  return contents > bytes.length ? INCOMPLETE : contents;
}

/** The length whose first byte is at `at`. */
function lengthAt(bytes: Buffer, at: number): number {
  const first = bytes[at] as number;
  return first < 0x80 ? first : bytes.readUIntBE(at + 1, first & 0x7f);
}

function elements(bytes: Buffer): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const start = contentsAt(bytes, at);
    const end = start === INCOMPLETE ? Number.NaN : start + lengthAt(bytes, at + 1);
    if (!(end <= bytes.length)) throw new Error('an element is cut short');
    found.push({ tag: bytes[at] as number, contents: bytes.subarray(start, end) });
    at = end;
  }
  return found;
}

function decodeResponse(contents: Buffer): Response {
  const [id, operation, controls, ...more] = elements(contents);
  if (id?.tag !== 0x02 || !operation || more.length > 0) throw new Error('not a message');
  if (controls && controls.tag !== 0xa0) throw new Error('not controls');
  return {
    id: readInteger(id),
    tag: operation.tag,
    controls: controls ? elements(controls.contents).map(decodeControl) : [],
    ...(operation.tag === 0x64
      ? { entry: decodeEntry(operation.contents) }
      : { result: decodeResult(operation.contents) }),
  };
}

function decodeEntry(contents: Buffer): NonNullable<Response['entry']> {
  const [dn, list] = expectTags(contents, 0x04, 0x30);
  const attributes = new Map<string, string[]>();
  for (const attribute of elements(list.contents)) {
    if (attribute.tag !== 0x30) throw new Error('not an attribute');
    const [name, values] = expectTags(attribute.contents, 0x04, 0x31);
    const type = name.contents.toString();
    if (attributes.has(type)) throw new Error(`${type} comes twice`);
    attributes.set(type, elements(values.contents).map(readText));
  }
  return { dn: dn.contents.toString(), attributes };
}

function decodeResult(contents: Buffer): ResponseResult {
  const [code, matchedDn, message, ...rest] = elements(contents);
  if (code?.tag !== 0x0a || matchedDn?.tag !== 0x04 || message?.tag !== 0x04)
    throw new Error('not a result');
  const name = rest.find(({ tag }) => tag === 0x8a);
  const value = rest.find(({ tag }) => tag === 0x8b);
  return {
    code: readInteger(code),
    matchedDn: matchedDn.contents.toString(),
    message: message.contents.toString(),
    ...(name && { responseName: name.contents.toString() }),
    ...(value && { responseValue: value.contents }),
  };
}

function decodeControl({ tag, contents }: Element): Control {
  const [oid, ...rest] = elements(contents);
  if (tag !== 0x30 || oid?.tag !== 0x04) throw new Error('not a control');
  const critical = rest[0]?.tag === 0x01 && rest[0].contents[0] === 0xff;
  const value = rest.find((part) => part.tag === 0x04)?.contents;
  return { oid: oid.contents.toString(), critical, value };
}

function expectTags(contents: Buffer, first: number, second: number): [Element, Element] {
  const [one, two, ...more] = elements(contents);
  if (one?.tag !== first || two?.tag !== second || more.length > 0) throw new Error('wrong tags');
  return [one, two];
}

function readText({ tag, contents }: Element): string {
  if (tag !== 0x04) throw new Error('not a string');
  return contents.toString();
}

function readInteger({ contents }: Element): number {
  if (contents.length === 0) throw new Error('an empty integer');
  return contents.readIntBE(0, contents.length);
}
