/** What is wrong with a text of one line; undefined when nothing is. */
export function lineFault(value: string, limits: { max: number }): string | undefined {
  if (value.trim() === '') return 'must not be empty';
  if (value.length > limits.max) return `must have at most ${limits.max} characters`;
  return /\p{Cc}/u.test(value) ? 'must be one line, without control characters' : undefined;
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
