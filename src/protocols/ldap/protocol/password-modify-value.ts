import { encodeElement } from './ber-element.ts';
import { BER, BerReader } from './ber-reader.ts';
import { ProtocolError } from './result.ts';

/** OID of the password modify extended operation (RFC 3062 §2). */
export const PASSWORD_MODIFY = '1.3.6.1.4.1.4203.1.11.1';

const REQUEST_TAG = { user: 0x80, oldPassword: 0x81, newPassword: 0x82 } as const;
const GENERATED_PASSWORD_TAG = 0x80;

/** Whose password changes (undefined: that of whoever is bound), and the passwords as they came. */
export type PasswordModify = {
  /** A DN, or another form of authorization identity; bytes that are not UTF-8 become U+FFFD. */
  user: string | undefined;
  oldPassword: Buffer | undefined;
  /** Undefined: the server is to generate one. */
  newPassword: Buffer | undefined;
};

/**
 * Reads the request's value (RFC 3062 §2); the value itself may be left out. Passwords are views of it.
 * @throws {ProtocolError} when it is not one.
 */
export function decodePasswordModify(value: Buffer | undefined): PasswordModify {
  if (!value) return { user: undefined, oldPassword: undefined, newPassword: undefined };
  const reader = new BerReader(value);
  const outer = reader.enter(BER.sequence);
  if (reader.end !== outer) throw new ProtocolError('bytes after the password modify value');
  const tag = REQUEST_TAG;
  const user = reader.peek() === tag.user ? reader.name(tag.user) : undefined;
  const oldPassword =
    reader.peek() === tag.oldPassword ? reader.octets(tag.oldPassword) : undefined;
  const newPassword =
    reader.peek() === tag.newPassword ? reader.octets(tag.newPassword) : undefined;
  reader.close(outer);
  return { user, oldPassword, newPassword };
}

/** The response's value, given only when the server generated the password (RFC 3062 §2). */
export function encodeGeneratedPassword(password: string): Buffer {
  const generated = encodeElement(GENERATED_PASSWORD_TAG, Buffer.from(password));
  return encodeElement(BER.sequence, generated);
}
