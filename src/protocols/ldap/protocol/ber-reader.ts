import { isUtf8 } from 'node:buffer';
import { ProtocolError } from './result.ts';

/** Universal tags that LDAP uses (X.690 §8). */
export const BER = {
  boolean: 0x01,
  integer: 0x02,
  octetString: 0x04,
  null: 0x05,
  enumerated: 0x0a,
  sequence: 0x30,
  set: 0x31,
} as const;

const MULTI_BYTE_TAG = 0x1f;
const REPLACEMENT = '\ufffd';
/** Up to here building the text in JavaScript is faster than a call into Node's decoder (measured). */
const SHORT = 10;
/** Elements behind the known ones of a sequence that are stepped over; no version of LDAP has added any. */
const MAX_EXTENSIONS = 32;

/**
 * A cursor over the BER that LDAP allows (RFC 4511 §5.1): definite lengths only, primitive strings. No
 * element may be longer than the one around it. Nothing that it gives is a view: the buffer may be large.
 * Every method throws `ProtocolError`, and nothing else, when the bytes are not what it reads.
 */
export class BerReader {
  readonly buffer: Buffer;
  /** Index of the next byte. */
  offset = 0;
  /** Index after the last byte of the element that the cursor is in. */
  end: number;

  constructor(buffer: Buffer) {
    this.buffer = buffer;
    this.end = buffer.length;
  }

  get done(): boolean {
    return this.offset >= this.end;
  }

  /** The next element's tag, or -1 at the end of the element that the cursor is in. */
  peek(): number {
    return this.offset < this.end ? (this.buffer[this.offset] as number) : -1;
  }

  /** Reads a header; gives the length of the contents, which lie within the element around them. */
  header(tag: number): number {
    if (this.peek() !== tag) throw new ProtocolError(`tag ${hex(tag)} was expected`);
    return this.#length(this.offset + 1);
  }

  /** Narrows the cursor to an element's contents; gives the end to hand to `leave` or `close`. */
  enter(tag: number): number {
    const length = this.header(tag);
    const outer = this.end;
    this.end = this.offset + length;
    return outer;
  }

  /** Leaves an element that must have been read to its end. */
  leave(outer: number): void {
    if (this.offset !== this.end) throw new ProtocolError('an element holds more than it should');
    this.end = outer;
  }

  /**
   * Leaves a SEQUENCE; what follows its known components must be whole elements, and is ignored, since
   * later versions of the protocol may add some (RFC 4511 §4).
   */
  close(outer: number): void {
    for (let left = MAX_EXTENSIONS; this.offset < this.end; left -= 1) {
      if (left === 0) throw new ProtocolError('an element of too many unknown parts');
      this.skip();
    }
    this.end = outer;
  }

  /** Steps over one element of any tag. */
  skip(): void {
    const tag = this.peek();
    if ((tag & MULTI_BYTE_TAG) === MULTI_BYTE_TAG) throw new ProtocolError('a tag above 30');
    const length = this.#length(this.offset + 1);
    this.offset += length;
  }

  /** A signed INTEGER or ENUMERATED of 32 bits at most, minimal or not. */
  integer(tag: number): number {
    const length = this.header(tag);
    if (length === 0 || length > 4)
      throw new ProtocolError('an integer of 1 to 4 bytes was expected');
    const { buffer } = this;
    let value = ((buffer[this.offset] as number) << 24) >> 24;
    for (let i = 1; i < length; i++) value = (value << 8) | (buffer[this.offset + i] as number);
    this.offset += length;
    return value;
  }

  /** RFC 4511 §5.1 asks for FF as true; any byte but 0 is taken, as X.690 §8.2.2 has it. */
  boolean(tag: number): boolean {
    if (this.header(tag) !== 1) throw new ProtocolError('a boolean of one byte was expected');
    return this.buffer[this.offset++] !== 0;
  }

  /**
   * A copy of a primitive string's bytes, in memory of its own. A view would keep whatever else came with them,
   * 64 KB of it; one of Node's pool, the 8 KB that it shares.
   */
  octets(tag: number): Buffer {
    const start = this.#string(tag);
    const copy = Buffer.allocUnsafeSlow(this.offset - start);
    this.buffer.copy(copy, 0, start, this.offset);
    return copy;
  }

  /** A string's text, or undefined when its bytes are not UTF-8, or more than allowed. */
  text(tag: number, maxBytes = Number.POSITIVE_INFINITY): string | undefined {
    const start = this.#string(tag);
    if (this.offset - start > maxBytes) return undefined;
    const text = this.#decode(start, this.offset);
    if (!text.includes(REPLACEMENT)) return text;
    return isUtf8(this.buffer.subarray(start, this.offset)) ? text : undefined;
  }

  /**
   * A name's text (a DN, an attribute, an OID). Bytes that are not UTF-8 become U+FFFD: a client that
   * sends Latin-1 names nothing that exists, and loses an operation rather than the connection.
   */
  name(tag: number): string {
    const start = this.#string(tag);
    return this.#decode(start, this.offset);
  }

  /** Steps over a string; gives the index of its first byte. */
  #string(tag: number): number {
    const length = this.header(tag);
    const start = this.offset;
    this.offset = start + length;
    return start;
  }

  #decode(start: number, end: number): string {
    const short = end - start <= SHORT ? this.#shortAscii(start, end) : undefined;
    return short ?? this.buffer.toString('utf8', start, end);
  }

  #shortAscii(start: number, end: number): string | undefined {
    const { buffer } = this;
    let text = '';
    for (let i = start; i < end; i++) {
      const byte = buffer[i] as number;
      if (byte > 0x7f) return undefined;
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** Reads a length that starts at `at` and leaves the cursor on the contents. */
  #length(at: number): number {
    const { buffer, end } = this;
    if (at >= end) throw new ProtocolError('a length is missing');
    let length = buffer[at++] as number;
    if (length > 0x7f) {
      const count = length & 0x7f;
      if (count === 0) throw new ProtocolError('an indefinite length');
      if (count > 4) throw new ProtocolError('a length of more than 4 bytes');
      if (at + count > end) throw new ProtocolError('a length is cut short');
      length = 0;
      for (let i = 0; i < count; i++) length = length * 256 + (buffer[at++] as number);
    }
    if (length > end - at) throw new ProtocolError('an element is longer than the one around it');
    this.offset = at;
    return length;
  }
}

function hex(tag: number): string {
  return `0x${tag.toString(16).padStart(2, '0')}`;
}
