import { graphemes } from '../../platform/text/graphemes.ts';
import { normalForm } from '../../platform/text/normal-form.ts';

/** Longest name that people read, as readers count characters: a flag or a family is one. */
export const DISPLAY_NAME_MAX = 100;
/** Longest pronouns, in code points, as the database counts them. */
export const PRONOUNS_MAX = 60;
/** Marks can be piled on a letter without end: no name needs more than this, in UTF-16 code units. */
const MAX_UNITS = 500;

// Control characters, line separators, and those that turn the direction of all that follows.
const UNWELCOME = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]/u;
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Z}]/gu;

/** A name as it is kept: NFC, no spaces at its ends, one between its words. */
export function tidyName(name: string): string {
  return normalForm(name, 'NFC')
    .replace(/\p{Z}+/gu, ' ')
    .trim();
}

/**
 * Why a name that people read is refused (display name, given and family name, nickname), as a key of the
 * messages' catalogue; undefined when it is fine. Emoji and every script are.
 * @param name from `tidyName`
 */
export function displayNameFault(name: string): 'missing' | 'too-long' | 'characters' | undefined {
  if (name.length > MAX_UNITS) return 'too-long';
  if (UNWELCOME.test(name)) return 'characters';
  if (name.replace(INVISIBLE, '') === '') return 'missing';
  return graphemes(name).length > DISPLAY_NAME_MAX ? 'too-long' : undefined;
}

/** The same of pronouns. */
export function pronounsFault(pronouns: string): ReturnType<typeof displayNameFault> {
  return [...pronouns].length > PRONOUNS_MAX ? 'too-long' : displayNameFault(pronouns);
}

/** The beginning of what was typed, to be shown again in a form without weighing it down. */
export function shortened(typed: string, units = MAX_UNITS): string {
  // Half of a pair of surrogates would be no character.
  return typed.slice(0, units).replace(/[\ud800-\udbff]$/, '');
}
