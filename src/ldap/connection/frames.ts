import { ProtocolError } from '../protocol/result.ts';

const SEQUENCE = 0x30;
/** Tag, and a length of up to four octets in the long form. */
const LONGEST_HEADER = 6;

/**
 * Cuts a byte stream into LDAPMessages (RFC 4511 §5.1). What a message declares to be longer than allowed
 * is refused as soon as its length is read, before any of it is kept. Each byte is copied once at most, so
 * that a message that comes byte by byte costs no more than one that comes whole.
 */
export class Frames {
  #header = Buffer.alloc(0);
  #partial: Buffer | undefined;
  #filled = 0;

  /** Whether a message has begun and is not whole. */
  get isWithin(): boolean {
    return this.#partial !== undefined || this.#header.length > 0;
  }

  /** Forgets what has begun. */
  reset(): void {
    this.#header = Buffer.alloc(0);
    this.#partial = undefined;
  }

  /**
   * Takes bytes in, and gives whole messages. They may be views of the bytes.
   * @param maxBytes of a message, its header included; asked anew for each
   * @param take returns false to have the rest of the bytes dropped
   * @throws ProtocolError for what is not LDAP, or too long
   */
  push(bytes: Buffer, maxBytes: () => number, take: (frame: Buffer) => boolean): void {
    let rest = bytes;
    if (this.#partial !== undefined) {
      const copied = rest.copy(this.#partial, this.#filled);
      this.#filled += copied;
      if (this.#filled < this.#partial.length) return;
      const whole = this.#partial;
      this.#partial = undefined;
      if (!take(whole)) return;
      rest = rest.subarray(copied);
    } else if (this.#header.length > 0) {
      rest = Buffer.concat([this.#header, rest]);
      this.#header = Buffer.alloc(0);
    }
    this.#cut(rest, maxBytes, take);
  }

  #cut(bytes: Buffer, maxBytes: () => number, take: (frame: Buffer) => boolean): void {
    let at = 0;
    while (at < bytes.length) {
      const size = frameSize(bytes, at);
      if (size === undefined) {
        this.#header = Buffer.from(bytes.subarray(at));
        return;
      }
      if (size > maxBytes()) throw new ProtocolError(`a message of ${size} bytes is too long`);
      if (at + size > bytes.length) {
        this.#partial = Buffer.allocUnsafeSlow(size);
        this.#filled = bytes.copy(this.#partial, 0, at);
        return;
      }
      if (!take(bytes.subarray(at, at + size))) return;
      at += size;
    }
  }
}

/** The size of the message that begins at `at`; undefined while its header is not whole. */
function frameSize(bytes: Buffer, at: number): number | undefined {
  if (bytes[at] !== SEQUENCE) throw new ProtocolError('this is not LDAP');
  const first = bytes[at + 1];
  if (first === undefined) return undefined;
  if (first < 0x80) return 2 + first;
  const octets = first & 0x7f;
  // The indefinite form is not LDAP's; more than four octets are more than anybody may send.
  if (octets === 0 || octets > LONGEST_HEADER - 2) throw new ProtocolError('this is not LDAP');
  if (at + 2 + octets > bytes.length) return undefined;
  return 2 + octets + bytes.readUIntBE(at + 2, octets);
}
