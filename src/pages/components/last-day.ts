import { writeUntil } from '../../domain/ends/until.ts';
import { datesFor } from '../../platform/i18n/dates.ts';
import type { Locale } from '../../platform/i18n/locale.ts';

/**
 * The last day of what ends, which is had for all of it: in the zone in which ends are given, so that it is the same
 * day for everybody.
 */
export function lastDay(end: Date, locale: Locale): string {
  // What ends where a day begins is had for all of the day before.
  return datesFor(locale).day(new Date(end.getTime() - 1));
}

/** The same as a date field has it. */
export function lastDayField(end: Date): string {
  return writeUntil(end).slice(0, 10);
}
