import type { Dates } from '../../platform/i18n/dates.ts';

/** A claim as people read it: its value, or a word where the value is none that can be read. */
export type ClaimItem = {
  claim: string;
  value?: string | undefined;
  /** `none`: nothing was filled in. */
  answer?: 'yes' | 'no' | 'none' | undefined;
};

export function claimItem(
  claim: string,
  value: unknown,
  { moment }: Pick<Dates, 'moment'>,
): ClaimItem {
  if (typeof value === 'boolean') return { claim, answer: value ? 'yes' : 'no' };
  const text = textOf(claim, value, moment);
  return text === '' ? { claim, answer: 'none' } : { claim, value: text };
}

function textOf(claim: string, value: unknown, moment: Dates['moment']): string {
  if (claim === 'updated_at' && typeof value === 'number') return moment(new Date(value * 1000));
  if (Array.isArray(value)) return value.join(', ');
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
