import { randomInt } from 'node:crypto';
import { PASSWORD_MAX_BYTES } from './password.ts';

/** Fewest characters of a member's password. */
export const PASSWORD_MIN_CHARACTERS = 12;

/** Why a new password is refused, as a key of the messages' catalogue; undefined when it is fine. */
export function passwordFault(password: string): 'too-short' | 'too-long' | undefined {
  if ([...password.normalize('NFKC')].length < PASSWORD_MIN_CHARACTERS) return 'too-short';
  return Buffer.byteLength(password) > PASSWORD_MAX_BYTES ? 'too-long' : undefined;
}

/** Letters and digits that are told apart when read aloud or copied by hand. */
const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';

/** A password of 100 random bits, in five groups of four. */
export function generatePassword(): string {
  const group = () =>
    Array.from({ length: 4 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  return Array.from({ length: 5 }, group).join('-');
}
