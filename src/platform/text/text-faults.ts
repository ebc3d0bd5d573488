/** What turns the direction of all that follows (Unicode TR9 §2), marks of single characters aside. */
const TURNS = /[\u202a-\u202e\u2066-\u2069]/u;
/** Joiners within emoji and letters are fine, where there is something to see beside them. */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Z}\u2800]/gu;

/** What is wrong with a text of one line; undefined when nothing is. */
export function lineFault(value: string, limits: { max: number }): string | undefined {
  if (value.replace(INVISIBLE, '').trim() === '') return 'must not be empty';
  if (value.length > limits.max) return `must have at most ${limits.max} characters`;
  if (TURNS.test(value)) return 'must not have characters that turn the direction of text';
  return /[\p{Cc}\p{Zl}\p{Zp}]/u.test(value)
    ? 'must be one line, without control characters'
    : undefined;
}

/** What is wrong with a text that may have several lines; undefined when nothing is. */
export function linesFault(value: string, limits: { max: number }): string | undefined {
  if (value.replace(INVISIBLE, '').trim() === '') return 'must not be empty';
  if (value.length > limits.max) return `must have at most ${limits.max} characters`;
  if (TURNS.test(value)) return 'must not have characters that turn the direction of text';
  return /(?![\t\n])\p{Cc}/u.test(value) ? 'must not have control characters' : undefined;
}

/** What is wrong with a DNS-like name that stands in addresses; undefined when nothing is. */
export function slugFault(value: string): string | undefined {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(value)
    ? undefined
    : 'must have 1 to 63 characters out of a to z, 0 to 9 and inner hyphens';
}

/** What is wrong with a number that is counted; undefined when nothing is. */
export function wholeNumberFault(
  value: number,
  { min, max }: { min: number; max: number },
): string | undefined {
  return Number.isInteger(value) && value >= min && value <= max
    ? undefined
    : `must be a whole number from ${min} to ${max}`;
}
