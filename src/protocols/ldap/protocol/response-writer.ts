import { encodeElement, LONGEST_HEADER, writeHeader } from './ber-element.ts';
import { BER } from './ber-reader.ts';
import { CONTROLS_TAG } from './decode-message.ts';
import type { Control } from './message.ts';
import { TAG } from './message.ts';
import type { ResultCode } from './result.ts';
import { LARGEST_CHUNK, SpareChunks } from './spare-chunks.ts';

/** What an LDAPResult says (RFC 4511 §4.1.9); the last two are for extended responses only (§4.12). */
export type Result = {
  code: ResultCode;
  matchedDn?: string;
  /** The diagnostic message: reaches the client. */
  message?: string;
  responseName?: string;
  responseValue?: Buffer;
  controls?: readonly Control[];
};

const RESPONSE_NAME_TAG = 0x8a;
const RESPONSE_VALUE_TAG = 0x8b;
const NOTICE_OF_DISCONNECTION = '1.3.6.1.4.1.1466.20036';

const FIRST_CHUNK = 2_048;
/** Room that an idle connection may keep hold of. */
const KEPT_CHUNK = 8_192;
/** Less room than this is not worth keeping. */
const LEAST_ROOM = 256;
const INTEGER_ROOM = 6;
/** Bytes of an empty matchedDN and an empty diagnosticMessage. */
const EMPTY_STRINGS = 4;
/** Up to here a loop in JavaScript is faster than a call into Node's encoder (measured). */
const SHORT = 24;
const SHORT_BYTES = 8;
const NONE = -1;
const EMPTY = Buffer.alloc(0);

/**
 * Writes the answers of one connection into a buffer that grows. Lengths that are not known beforehand
 * take the long form of four bytes, as Active Directory's do, so that no byte is moved once written
 * (X.690 §8.1.3.5 allows it, RFC 4511 §5.1 does not forbid it).
 *
 * An entry that was begun and not ended is dropped by whatever is written next, and by `take`: an
 * operation that fails midway leaves only whole answers behind.
 */
export class ResponseWriter {
  #spares: SpareChunks;
  #chunk = EMPTY;
  /** Where the bytes that were not taken yet start. */
  #start = 0;
  #end = 0;
  /** Size of the next chunk: about what was taken last, so that a long answer does not grow it anew. */
  #nextSize = FIRST_CHUNK;
  /** Counted from `#start`, so that they survive a change of chunk. */
  #entry = NONE;
  #entryOperation = NONE;
  #attributes = NONE;
  #attribute = NONE;
  #values = NONE;

  constructor(spares = new SpareChunks()) {
    this.#spares = spares;
  }

  /** Bytes that `take` would give, an unfinished entry included. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** All answers so far; nothing that is written later touches them. */
  take(): Buffer {
    this.#dropUnfinishedEntry();
    const taken = this.#chunk.subarray(this.#start, this.#end);
    this.#start = this.#end;
    const { length } = taken;
    this.#nextSize = length > LARGEST_CHUNK / 4 ? LARGEST_CHUNK : Math.max(FIRST_CHUNK, length);
    const room = this.#chunk.length - this.#end;
    if (room < LEAST_ROOM || this.#chunk.length > KEPT_CHUNK) this.#forgetChunk();
    return taken;
  }

  /**
   * As `take`. When nobody reads the bytes any more, `release` gives their room back for other answers:
   * a flood of large ones would otherwise leave the collector hundreds of megabytes of buffers to find.
   */
  takeToSend(): { bytes: Buffer; release: (() => void) | undefined } {
    const chunk = this.#chunk;
    const bytes = this.take();
    const isOurs = chunk.length === LARGEST_CHUNK && this.#chunk !== chunk;
    return { bytes, release: isOurs ? () => this.#spares.keep(chunk) : undefined };
  }

  /** A whole answer other than an entry: an LDAPResult under the response's tag (RFC 4511 §4.1.9). */
  result(id: number, tag: number, result: Result): void {
    this.#dropUnfinishedEntry();
    const { matchedDn, message: text, responseName, responseValue, controls } = result;
    const isBare = !(matchedDn || text || responseValue || controls?.length);
    if (isBare && responseName === undefined) {
      this.#bareResult(id, tag, result.code);
      return;
    }
    const message = this.#open(BER.sequence);
    this.#integer(BER.integer, id);
    const operation = this.#open(tag);
    this.#integer(BER.enumerated, result.code);
    this.#string(BER.octetString, matchedDn ?? '');
    this.#string(BER.octetString, text ?? '');
    if (responseName !== undefined) this.#string(RESPONSE_NAME_TAG, responseName);
    if (responseValue) this.#octets(RESPONSE_VALUE_TAG, responseValue);
    this.#close(operation);
    if (controls?.length) this.#controls(controls);
    this.#close(message);
  }

  /** Begins a SearchResultEntry (RFC 4511 §4.5.2); `endEntry` ends it. */
  beginEntry(id: number, dn: string): void {
    this.#dropUnfinishedEntry();
    const message = this.#open(BER.sequence);
    this.#integer(BER.integer, id);
    this.#entryOperation = this.#open(TAG.searchResultEntry);
    this.#string(BER.octetString, dn);
    this.#attributes = this.#open(BER.sequence);
    this.#entry = message;
  }

  /** Appends attributes that `encodeAttribute` prepared: one, or several end to end. */
  encodedAttribute(bytes: Buffer): void {
    this.#reserve(bytes.length);
    this.#append(bytes);
  }

  /** @param name as `encodeName` prepared it. */
  beginAttribute(name: Buffer): void {
    this.#attribute = this.#open(BER.sequence);
    this.#reserve(name.length);
    this.#append(name);
    this.#values = this.#open(BER.set);
  }

  value(text: string): void {
    this.#string(BER.octetString, text);
  }

  endAttribute(): void {
    this.#close(this.#values);
    this.#close(this.#attribute);
  }

  endEntry(controls?: readonly Control[]): void {
    if (this.#entry === NONE) throw new Error('no entry was begun');
    this.#close(this.#attributes);
    this.#close(this.#entryOperation);
    if (controls?.length) this.#controls(controls);
    this.#close(this.#entry);
    this.#entry = NONE;
  }

  /** The end of nearly every operation: nothing but a code. */
  #bareResult(id: number, tag: number, code: number): void {
    this.#reserve(4 + 2 * INTEGER_ROOM + EMPTY_STRINGS);
    const at = this.#end;
    const chunk = this.#chunk;
    this.#end = at + 2;
    this.#integer(BER.integer, id);
    const operation = this.#end;
    this.#end = operation + 2;
    this.#integer(BER.enumerated, code);
    for (let i = 0; i < EMPTY_STRINGS; i += 2) {
      chunk[this.#end++] = BER.octetString;
      chunk[this.#end++] = 0;
    }
    chunk[operation] = tag;
    chunk[operation + 1] = this.#end - operation - 2;
    chunk[at] = BER.sequence;
    chunk[at + 1] = this.#end - at - 2;
  }

  #controls(controls: readonly Control[]): void {
    const list = this.#open(CONTROLS_TAG);
    for (const control of controls) {
      const sequence = this.#open(BER.sequence);
      this.#string(BER.octetString, control.oid);
      if (control.critical) this.#octets(BER.boolean, Buffer.of(0xff));
      if (control.value) this.#octets(BER.octetString, control.value);
      this.#close(sequence);
    }
    this.#close(list);
  }

  #dropUnfinishedEntry(): void {
    if (this.#entry === NONE) return;
    this.#end = this.#start + this.#entry;
    this.#entry = NONE;
  }

  /** Begins an element whose length comes later; gives its place, to hand to `close`. */
  #open(tag: number): number {
    this.#reserve(LONGEST_HEADER);
    const chunk = this.#chunk;
    const at = this.#end;
    chunk[at] = tag;
    chunk[at + 1] = 0x84;
    this.#end = at + LONGEST_HEADER;
    return at - this.#start;
  }

  #close(place: number): void {
    const chunk = this.#chunk;
    const at = this.#start + place;
    const length = this.#end - at - LONGEST_HEADER;
    chunk[at + 2] = length >>> 24;
    chunk[at + 3] = length >>> 16;
    chunk[at + 4] = length >>> 8;
    chunk[at + 5] = length;
  }

  /** A number from 0 to 2^31-1, minimal (X.690 §8.3.2). */
  #integer(tag: number, value: number): void {
    this.#reserve(INTEGER_ROOM);
    const chunk = this.#chunk;
    let at = this.#end;
    const size = value < 0x80 ? 1 : value < 0x8000 ? 2 : value < 0x800000 ? 3 : 4;
    chunk[at++] = tag;
    chunk[at++] = size;
    for (let shift = (size - 1) * 8; shift >= 0; shift -= 8) chunk[at++] = value >>> shift;
    this.#end = at;
  }

  #octets(tag: number, bytes: Buffer): void {
    this.#reserve(LONGEST_HEADER + bytes.length);
    this.#end = writeHeader(this.#chunk, this.#end, tag, bytes.length);
    this.#append(bytes);
  }

  #string(tag: number, text: string): void {
    if (text.length > SHORT || !this.#shortAscii(tag, text)) this.#utf8(tag, text);
  }

  #shortAscii(tag: number, text: string): boolean {
    const size = text.length;
    this.#reserve(2 + size);
    const chunk = this.#chunk;
    const at = this.#end;
    for (let i = 0; i < size; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return false;
      chunk[at + 2 + i] = code;
    }
    chunk[at] = tag;
    chunk[at + 1] = size;
    this.#end = at + 2 + size;
    return true;
  }

  /** Takes the place of the longest header that may be needed before it knows the number of bytes. */
  #utf8(tag: number, text: string): void {
    const most = text.length * 3;
    this.#reserve(LONGEST_HEADER + most);
    const chunk = this.#chunk;
    const at = this.#end;
    const header = most <= 0x7f ? 2 : most <= 0xffff ? 4 : LONGEST_HEADER;
    const length = chunk.write(text, at + header, most, 'utf8');
    chunk[at] = tag;
    if (header === 2) chunk[at + 1] = length;
    else {
      chunk[at + 1] = 0x80 | (header - 2);
      for (let i = header - 1, rest = length; i > 1; i--, rest >>>= 8) chunk[at + i] = rest;
    }
    this.#end = at + header + length;
  }

  #append(bytes: Buffer): void {
    const size = bytes.length;
    if (size <= SHORT_BYTES) {
      const chunk = this.#chunk;
      const at = this.#end;
      for (let i = 0; i < size; i++) chunk[at + i] = bytes[i] as number;
    } else this.#chunk.set(bytes, this.#end);
    this.#end += size;
  }

  #reserve(size: number): void {
    if (this.#end + size > this.#chunk.length) this.#grow(size);
  }

  #grow(size: number): void {
    const pending = this.length;
    const wanted = Math.max(this.#nextSize, 2 * pending, pending + size);
    const chunk = wanted === LARGEST_CHUNK ? this.#spares.take() : Buffer.allocUnsafeSlow(wanted);
    chunk.set(this.#chunk.subarray(this.#start, this.#end));
    this.#chunk = chunk;
    this.#start = 0;
    this.#end = pending;
  }

  #forgetChunk(): void {
    this.#chunk = EMPTY;
    this.#start = 0;
    this.#end = 0;
  }
}

/** The BER of an attribute type's name, for `ResponseWriter.beginAttribute`. */
export function encodeName(name: string): Buffer {
  return encodeElement(BER.octetString, Buffer.from(name));
}

/** A whole PartialAttribute (RFC 4511 §4.1.7), for `ResponseWriter.encodedAttribute`. */
export function encodeAttribute(name: string, values: readonly string[]): Buffer {
  const encoded = values.map((value) => encodeElement(BER.octetString, Buffer.from(value)));
  const set = encodeElement(BER.set, Buffer.concat(encoded));
  return encodeElement(BER.sequence, Buffer.concat([encodeName(name), set]));
}

/** What a server says unasked before it closes a connection (RFC 4511 §4.4.1). */
export function noticeOfDisconnection(code: ResultCode, message: string): Buffer {
  const writer = new ResponseWriter();
  writer.result(0, TAG.extendedResponse, { code, message, responseName: NOTICE_OF_DISCONNECTION });
  return writer.take();
}
