import { ProtocolError } from '../protocol/result.ts';

const SEQUENCE = 0x30;
/** Octets of a length in the long form; more are more than anybody may send. */
const MOST_LENGTH_OCTETS = 4;
const NOTHING = Buffer.alloc(0);

/**
 * Cuts a byte stream into LDAPMessages (RFC 4511 §5.1). What a message declares to be longer than allowed
 * is refused as soon as its length is read, before any of it is kept. Each byte is copied a few times at most, so
 * that a message that comes byte by byte costs no more than one that comes whole.
 */
export class Frames {
  /** What was not looked at yet. */
  #rest: Buffer = NOTHING;
  /** A message whose end has not come, in a buffer of its whole size. */
  #partial: Buffer | undefined;
  #filled = 0;

  /** Whether there are bytes that no message was made of. */
  get isWithin(): boolean {
    return this.#partial !== undefined || this.#rest.length > 0;
  }

  /** Bytes that have come, and that no message was made of. */
  get held(): number {
    return this.#rest.length + (this.#partial === undefined ? 0 : this.#filled);
  }

  /** Forgets what has come. */
  reset(): void {
    this.#rest = NOTHING;
    this.#partial = undefined;
  }

  add(bytes: Buffer): void {
    this.#rest = this.#rest.length === 0 ? bytes : own([this.#rest, bytes]);
  }

  /**
   * The next whole message, or undefined until more comes. It may be a view of bytes that were added.
   * @param maxBytes of the message, its header included
   * @throws ProtocolError for what is not LDAP, or too long
   */
  next(maxBytes: number): Buffer | undefined {
    if (this.#partial !== undefined) return this.#fill(this.#partial);
    const rest = this.#rest;
    if (rest.length === 0) return undefined;
    const size = frameSize(rest);
    if (size === undefined) {
      this.#rest = trimmed(rest);
      return undefined;
    }
    if (size > maxBytes) throw new ProtocolError(`a message of ${size} bytes is too long`);
    if (size <= rest.length) {
      this.#rest = trimmed(rest.subarray(size));
      return rest.subarray(0, size);
    }
    this.#partial = Buffer.allocUnsafeSlow(size);
    this.#filled = rest.copy(this.#partial);
    this.#rest = NOTHING;
    return undefined;
  }

  #fill(partial: Buffer): Buffer | undefined {
    const copied = this.#rest.copy(partial, this.#filled);
    this.#filled += copied;
    this.#rest = trimmed(this.#rest.subarray(copied));
    if (this.#filled < partial.length) return undefined;
    this.#partial = undefined;
    return partial;
  }
}

/**
 * The same bytes: copied, where they are a view of more than twice as many, all of which it would keep. What is
 * left of a chunk, message after message, is so copied once in all.
 */
function trimmed(rest: Buffer): Buffer {
  if (rest.length === 0) return NOTHING;
  return rest.buffer.byteLength > 2 * rest.length ? own([rest]) : rest;
}

/** A copy in memory of its own: one of Node's pool would keep the 8 KB that it shares. */
function own(pieces: readonly Buffer[]): Buffer {
  const copy = Buffer.allocUnsafeSlow(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) at += piece.copy(copy, at);
  return copy;
}

/** The size of the message that `bytes` begin with; undefined while its header is not whole. */
function frameSize(bytes: Buffer): number | undefined {
  if (bytes[0] !== SEQUENCE) throw new ProtocolError('this is not LDAP');
  const first = bytes[1];
  if (first === undefined) return undefined;
  if (first < 0x80) return 2 + first;
  const octets = first & 0x7f;
  // No octets are the indefinite form, which is not LDAP's.
  if (octets === 0 || octets > MOST_LENGTH_OCTETS) throw new ProtocolError('this is not LDAP');
  if (2 + octets > bytes.length) return undefined;
  return 2 + octets + bytes.readUIntBE(2, octets);
}
