import { BER, BerReader } from './ber-reader.ts';
import { decodeFilter, MAX_ASSERTION_BYTES } from './decode-filter.ts';
import type {
  BindRequest,
  CompareRequest,
  Control,
  ExtendedRequest,
  Message,
  Request,
  Scope,
  SearchRequest,
} from './message.ts';
import { TAG } from './message.ts';
import { ProtocolError } from './result.ts';

/** Controls of one message; clients of ours send up to three. */
export const MAX_CONTROLS = 32;
/** Attributes that one search asks for; browsers of directories name a few dozen. */
export const MAX_ATTRIBUTES = 300;

export const CONTROLS_TAG = 0xa0;
export const BIND_TAG = { simple: 0x80, sasl: 0xa3 } as const;
export const EXTENDED_TAG = { oid: 0x80, value: 0x81 } as const;
/** By the number of the enumeration; `children` is draft-sermersheim-ldap-subordinate-scope's. */
export const SCOPES: readonly Scope[] = ['base', 'one', 'sub', 'children'];
const LAST_DEREF_CHOICE = 3;

const NO_CONTROLS: readonly Control[] = [];

/**
 * Reads one LDAPMessage (RFC 4511 §4.1.1), which is the whole of `frame`. What it gives keeps nothing of `frame`.
 * @throws {ProtocolError} and nothing else, whatever the bytes.
 */
export function decodeMessage(frame: Buffer): Message {
  const reader = new BerReader(frame);
  const outer = reader.enter(BER.sequence);
  if (reader.end !== outer) throw new ProtocolError('bytes after the message');
  const id = reader.integer(BER.integer);
  if (id <= 0) throw new ProtocolError('a message id below 1');
  const request = decodeRequest(reader);
  const controls = reader.peek() === CONTROLS_TAG ? decodeControls(reader) : NO_CONTROLS;
  if (reader.peek() === CONTROLS_TAG) throw new ProtocolError('two lists of controls');
  reader.close(outer);
  return { id, request, controls };
}

function decodeRequest(reader: BerReader): Request {
  const tag = reader.peek();
  switch (tag) {
    case TAG.searchRequest:
      return decodeSearch(reader);
    case TAG.bindRequest:
      return decodeBind(reader);
    case TAG.unbindRequest:
      if (reader.header(tag) !== 0)
        throw new ProtocolError('an unbind request that holds something');
      return { kind: 'unbind' };
    case TAG.abandonRequest: {
      const target = reader.integer(tag);
      if (target < 0) throw new ProtocolError('a message id below 0');
      return { kind: 'abandon', target };
    }
    case TAG.compareRequest:
      return decodeCompare(reader);
    case TAG.extendedRequest:
      return decodeExtended(reader);
    case TAG.modifyRequest:
      return skipWrite(reader, 'modify');
    case TAG.addRequest:
      return skipWrite(reader, 'add');
    case TAG.delRequest:
      return skipWrite(reader, 'del');
    case TAG.modifyDnRequest:
      return skipWrite(reader, 'modifyDn');
    default:
      throw new ProtocolError('an unknown operation');
  }
}

/** An unknown choice of authentication is a mechanism without a name: the handler refuses it with 7. */
function decodeBind(reader: BerReader): BindRequest {
  const outer = reader.enter(TAG.bindRequest);
  const version = reader.integer(BER.integer);
  if (version < 1 || version > 127) throw new ProtocolError('a version that is not 1 to 127');
  const name = reader.name(BER.octetString);
  const auth = decodeAuthentication(reader);
  reader.close(outer);
  return { kind: 'bind', version, name, auth };
}

function decodeAuthentication(reader: BerReader): BindRequest['auth'] {
  const tag = reader.peek();
  if (tag === BIND_TAG.simple) return { simple: reader.octets(tag) };
  if (tag !== BIND_TAG.sasl) {
    reader.skip();
    return { sasl: '' };
  }
  const outer = reader.enter(tag);
  const mechanism = reader.name(BER.octetString);
  reader.close(outer);
  return { sasl: mechanism };
}

function decodeSearch(reader: BerReader): SearchRequest {
  const outer = reader.enter(TAG.searchRequest);
  const base = reader.name(BER.octetString);
  const scope = SCOPES[reader.integer(BER.enumerated)];
  if (scope === undefined) throw new ProtocolError('an unknown scope');
  const deref = reader.integer(BER.enumerated);
  if (deref < 0 || deref > LAST_DEREF_CHOICE) throw new ProtocolError('an unknown deref choice');
  const sizeLimit = reader.integer(BER.integer);
  const timeLimit = reader.integer(BER.integer);
  if (sizeLimit < 0 || timeLimit < 0) throw new ProtocolError('a negative limit');
  const typesOnly = reader.boolean(BER.boolean);
  const filter = decodeFilter(reader);
  const attributes: string[] = [];
  const list = reader.enter(BER.sequence);
  while (!reader.done) {
    if (attributes.length === MAX_ATTRIBUTES) throw new ProtocolError('too many attributes');
    attributes.push(reader.name(BER.octetString));
  }
  reader.leave(list);
  reader.close(outer);
  return { kind: 'search', base, scope, sizeLimit, timeLimit, typesOnly, filter, attributes };
}

function decodeCompare(reader: BerReader): CompareRequest {
  const outer = reader.enter(TAG.compareRequest);
  const entry = reader.name(BER.octetString);
  const assertion = reader.enter(BER.sequence);
  const attribute = reader.name(BER.octetString);
  const value = reader.text(BER.octetString, MAX_ASSERTION_BYTES);
  reader.close(assertion);
  reader.close(outer);
  return { kind: 'compare', entry, attribute, value };
}

function decodeExtended(reader: BerReader): ExtendedRequest {
  const outer = reader.enter(TAG.extendedRequest);
  const oid = reader.name(EXTENDED_TAG.oid);
  const value =
    reader.peek() === EXTENDED_TAG.value ? reader.octets(EXTENDED_TAG.value) : undefined;
  reader.close(outer);
  return { kind: 'extended', oid, value };
}

function skipWrite(reader: BerReader, kind: 'modify' | 'add' | 'del' | 'modifyDn'): Request {
  reader.skip();
  return { kind };
}

function decodeControls(reader: BerReader): Control[] {
  const controls: Control[] = [];
  const outer = reader.enter(CONTROLS_TAG);
  while (!reader.done) {
    if (controls.length === MAX_CONTROLS) throw new ProtocolError('too many controls');
    controls.push(decodeControl(reader));
  }
  reader.leave(outer);
  return controls;
}

function decodeControl(reader: BerReader): Control {
  const outer = reader.enter(BER.sequence);
  const oid = reader.name(BER.octetString);
  const critical = reader.peek() === BER.boolean && reader.boolean(BER.boolean);
  const value = reader.peek() === BER.octetString ? reader.octets(BER.octetString) : undefined;
  reader.close(outer);
  return { oid, critical, value };
}
