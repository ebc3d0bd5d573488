import { readUntil, untilFault } from '../../domain/ends/until.ts';

/** The end of the day that a date field names, null for an empty one; or what is wrong with it. */
export function untilOf(
  text: string,
  now = new Date(),
): { until: Date | null } | { field: 'until'; code: 'shape' | 'past' } {
  if (text === '') return { until: null };
  if (untilFault(text) !== undefined) return { field: 'until', code: 'shape' };
  const until = readUntil(text);
  return until > now ? { until } : { field: 'until', code: 'past' };
}
