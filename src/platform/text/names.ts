import { normalForm } from './normal-form.ts';

/** Words that no member may take as a username: they would pass for the community's own voice. */
const RESERVED = new Set([
  'admin',
  'administrator',
  'root',
  'postmaster',
  'abuse',
  'guest',
  'system',
]);

/**
 * The form in which names are compared: NFKC, without case. "Élodie" and "ÉLODIE" share one key.
 * (SQL never folds names: PostgreSQL's lower() depends on the locale.)
 */
export function nameKey(name: string): string {
  return normalForm(normalForm(name, 'NFKC').toLowerCase(), 'NFKC');
}

const SHAPE = /^[\p{Ll}\p{Lu}\p{Lo}\p{Nd}](?:[\p{L}\p{M}\p{Nd}._-]{0,62}[\p{L}\p{M}\p{Nd}])?$/u;

/** Why a username is refused, as a key of the messages' catalogue; undefined when it is fine. */
export function usernameFault(username: string): 'shape' | 'reserved' | undefined {
  // What cannot be seen makes two names look, and compare, alike (RFC 4518 drops it).
  if (/\p{Default_Ignorable_Code_Point}/u.test(username)) return 'shape';
  // What normalisation makes of a name is a name, too: some letters come apart into spaces and marks.
  if (!SHAPE.test(username) || !SHAPE.test(nameKey(username))) return 'shape';
  return RESERVED.has(nameKey(username)) ? 'reserved' : undefined;
}

/** One `@` with something on each side, no spaces or control characters, at most 254 characters (RFC 5321 §4.5.3). */
export function isEmailAddress(value: string): boolean {
  return (
    value.length <= 254 &&
    // What cannot be seen makes two addresses look, and compare, alike.
    !/\p{Default_Ignorable_Code_Point}/u.test(value) &&
    /^[^\s@\p{C}"(),:;<>[\]\\]+@[^\s@\p{C}"(),:;<>[\]\\]+\.?[^\s@\p{C}.]+$/u.test(value)
  );
}
