import { randomInt } from 'node:crypto';
import { normalForm } from '../../platform/text/normal-form.ts';
import { isTooLong } from './password.ts';
import type { PasswordWork } from './passwords.ts';

/** Fewest characters of a password that somebody is given: in a file, or by a command. */
export const PASSWORD_MIN_CHARACTERS = 12;

/** NIST SP 800-63B-4 section 3.1.1.2: where the password is all there is, and where a second factor stands behind it. */
export const MIN_ALONE = 15;
export const MIN_WITH_SECOND_FACTOR = 8;

/** Of zxcvbn's 0 to 4: "safely unguessable, moderate protection from offline attacks". */
const MIN_SCORE = 3;

/** Why a given password is refused, as a key of the messages' catalogue; undefined when it is fine. */
export function passwordFault(password: string): 'too-short' | 'too-long' | undefined {
  if (lengthOf(password) < PASSWORD_MIN_CHARACTERS) return 'too-short';
  return isTooLong(password) ? 'too-long' : undefined;
}

/** What is known of whoever chooses a password. */
export type PasswordContext = {
  /** Names of the person and of the community, in any form: the password must not rest on them. */
  words: readonly (string | null | undefined)[];
  /** Whether the person has a second factor: a shorter one will do. */
  secondFactor?: boolean;
};

export type NewPasswordFault =
  | 'missing'
  | 'too-short'
  | 'too-short-with-factor'
  | 'too-long'
  | 'names'
  | 'guessable';

/**
 * Why a password that somebody chose is refused, as a key of the messages' catalogue; undefined when it is
 * fine. There are no rules on what it is made of (SP 800-63B-4 section 3.1.1.2).
 * @param weighed tells how hard it is to guess
 */
export async function newPasswordFault(
  weighed: Pick<PasswordWork, 'strength'>,
  password: string,
  { words, secondFactor = false }: PasswordContext,
): Promise<NewPasswordFault | undefined> {
  if (password === '') return 'missing';
  if (isTooLong(password)) return 'too-long';
  if (lengthOf(password) < (secondFactor ? MIN_WITH_SECOND_FACTOR : MIN_ALONE))
    return secondFactor ? 'too-short-with-factor' : 'too-short';
  const forbidden = forbiddenWords(words);
  if (isMostlyNames(password, forbidden)) return 'names';
  const strength = await weighed.strength(password, forbidden);
  return strength < MIN_SCORE ? 'guessable' : undefined;
}

/** Whether a password is too short to be all that guards an account. */
export function isShortAlone(password: string): boolean {
  return lengthOf(password) < MIN_ALONE;
}

function lengthOf(password: string): number {
  return [...normalForm(password, 'NFKC')].length;
}

/** The parts of names, addresses and the like that are long enough to mean something. */
function forbiddenWords(words: PasswordContext['words']): string[] {
  const parts = words.flatMap((word) => fold(word ?? '').split(/[^\p{L}\p{N}]+/u));
  return [...new Set(parts)].filter((part) => part.length >= 3).sort((a, b) => b.length - a.length);
}

/** Without the names, too little is left. */
function isMostlyNames(password: string, forbidden: readonly string[]): boolean {
  let rest = fold(password);
  for (const word of forbidden) rest = rest.replaceAll(word, '');
  const left = rest.replaceAll(/[^\p{L}\p{N}]/gu, '');
  return rest !== fold(password) && left.length < MIN_WITH_SECOND_FACTOR;
}

/** Accents and case hide nothing from a guesser. */
function fold(text: string): string {
  return normalForm(text, 'NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
}

/** Letters and digits that are told apart when read aloud or copied by hand. */
const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';

/** A password of 100 random bits, in five groups of four. */
export function generatePassword(): string {
  const group = () =>
    Array.from({ length: 4 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  return Array.from({ length: 5 }, group).join('-');
}
