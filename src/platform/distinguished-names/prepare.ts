import { nameKey } from '../text/names.ts';
import { normalForm } from '../text/normal-form.ts';

// Soft hyphens, joiners, variation selectors and the like count for nothing; controls neither, but for
// those that are white space (RFC 4518 §2.2).
const IGNORED = /\p{Default_Ignorable_Code_Point}|[\p{Cc}--[\s\u0085]]|[\ufff9-\ufffc]/gv;
const SPACES = /[\s\u0085]+/gu;
/**
 * Nothing but printable ASCII and Latin letters with accents, with single spaces inside: what nearly
 * every value is. Of these, each is its own normal form, and so is its lower case.
 */
const PLAIN = /^[!-~À-ÖØ-öø-ÿ]+(?: [!-~À-ÖØ-öø-ÿ]+)*$/;
const PLAIN_WITH_EDGES = /^ ?[!-~À-ÖØ-öø-ÿ]*(?: [!-~À-ÖØ-öø-ÿ]+)* ?$/;

/**
 * The form in which values are compared without case (RFC 4518): mapped, folded, NFKC, with white space
 * at the ends dropped and runs of it made one. Usernames fold as they do everywhere else (`nameKey`), so
 * that two members who can be told apart at sign-in are two here.
 */
export function foldCase(text: string): string {
  if (PLAIN.test(text)) return text.toLowerCase();
  return nameKey(mapped(text)).trim();
}

/** The same with case kept, for rules that tell it apart. */
export function keepCase(text: string): string {
  if (PLAIN.test(text)) return text;
  return normalForm(mapped(text), 'NFKC').trim();
}

/** A part of a substrings assertion: as the rules above, but white space at its ends counts (RFC 4518 §2.6.1). */
export function foldPart(text: string): string {
  if (PLAIN_WITH_EDGES.test(text)) return text.toLowerCase();
  return nameKey(mapped(text));
}

export function keepPart(text: string): string {
  return PLAIN_WITH_EDGES.test(text) ? text : normalForm(mapped(text), 'NFKC');
}

function mapped(text: string): string {
  return text.replace(SPACES, ' ').replace(IGNORED, '').replace(SPACES, ' ');
}
