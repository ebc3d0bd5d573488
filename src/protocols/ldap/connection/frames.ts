import { ProtocolError } from '../protocol/result.ts';

const SEQUENCE = 0x30;
/** Octets of a length in the long form; more are more than anybody may send. */
const MOST_LENGTH_OCTETS = 4;
const NOTHING = Buffer.alloc(0);

/**
 * Cuts a byte stream into LDAPMessages (RFC 4511 §5.1). What a message declares to be longer than allowed
 * is refused as soon as its length is read, before any of it is kept. Each byte is copied twice at most, so
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
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
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
      // A copy: a view of these few bytes would keep the whole chunk that they came in.
      this.#rest = Buffer.from(rest);
      return undefined;
    }
    if (size > maxBytes) throw new ProtocolError(`a message of ${size} bytes is too long`);
    if (size <= rest.length) {
      this.#rest = size === rest.length ? NOTHING : rest.subarray(size);
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
    this.#rest = copied === this.#rest.length ? NOTHING : this.#rest.subarray(copied);
    if (this.#filled < partial.length) return undefined;
    this.#partial = undefined;
    return partial;
  }
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
