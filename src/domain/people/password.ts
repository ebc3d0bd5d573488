import { type Algorithm, hash, type Options, verify } from '@node-rs/argon2';
import { normalForm } from '../../platform/text/normal-form.ts';
import { HashFault } from './foreign-hashes/foreign-hash.ts';
import { readForeignHash } from './foreign-hashes/read-foreign-hash.ts';

/** OWASP's parameters for Argon2id: 19 MiB, 2 passes, 1 lane. */
export const PARAMETERS: Options = {
  algorithm: 2 as Algorithm.Argon2id,
  memoryCost: 19_456,
  timeCost: 2,
  parallelism: 1,
};
const CURRENT = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/;

/** Longest password that is hashed, in UTF-8 bytes; longer ones are refused before hashing. */
export const PASSWORD_MAX_BYTES = 1024;

export type PasswordCheck = { matches: boolean; needsRehash: boolean };

/** Whether a hash is one of ours, with today's parameters: what each other becomes at the next sign-in. */
export function isOfToday(hash: string): boolean {
  return CURRENT.test(hash);
}

/** The form in which a password is hashed. */
export function hashedForm(password: string): string {
  return normalForm(password, 'NFKC');
}

/**
 * An Argon2id hash in PHC format, for a command that has the processors to itself. Where people wait, passwords
 * go through `createPasswords`.
 */
export function hashPassword(password: string): Promise<string> {
  return hash(hashedForm(password), PARAMETERS);
}

/** Checks a password against a hash of ours or of another system's, for a command: see `hashPassword`. */
export async function checkPassword(
  hash: string | null | undefined,
  password: string,
): Promise<PasswordCheck> {
  if (hash == null || isTooLong(password)) return { matches: false, needsRehash: false };
  // Most are ours, and are checked beside each other.
  if (isOfToday(hash) && (await verify(hash, hashedForm(password)))) {
    return { matches: true, needsRehash: false };
  }
  const found = readForeignHash(hash);
  const matches = !(found instanceof HashFault) && found.check(password);
  return { matches, needsRehash: matches && !isOfToday(hash) };
}

export function isTooLong(password: string): boolean {
  return Buffer.byteLength(password) > PASSWORD_MAX_BYTES;
}
