import { dayOf, startOfDay } from '../../platform/i18n/dates.ts';

/** A day, or an instant with the zone that it is told in. */
const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;

/** What is wrong with an end as people write it; undefined when nothing is. */
export function untilFault(text: string): string | undefined {
  return parse(text) === undefined
    ? 'must be a day such as 2027-06-30, or an instant such as 2027-06-30T18:00:00+02:00'
    : undefined;
}

/**
 * When what is given up to then ends: with the day, where it is one (in the zone of those who chose none, whoever runs
 * the command, so that a file says the same everywhere).
 * @param text one in which `untilFault` finds nothing
 */
export function readUntil(text: string): Date {
  const at = parse(text);
  if (at === undefined) throw new TypeError(`no end: ${text}`);
  return at;
}

function parse(text: string): Date | undefined {
  const day = DAY.exec(text);
  const at =
    day === null ? instant(text) : endOfDay(day.slice(1).map(Number) as [number, number, number]);
  return at === undefined || Number.isNaN(+at) ? undefined : at;
}

function instant(text: string): Date | undefined {
  return INSTANT.test(text) ? new Date(text) : undefined;
}

function endOfDay([year, month, day]: [number, number, number]): Date | undefined {
  const named = new Date(Date.UTC(year, month - 1, day));
  // A 31 June would be the first of July.
  if (named.getUTCMonth() !== month - 1 || named.getUTCDate() !== day) return undefined;
  return startOfDay(new Date(Date.UTC(year, month - 1, day + 1)).toISOString().slice(0, 10));
}

/** An end as `untilFault` takes it: the day that it is the end of, or the instant. */
export function writeUntil(at: Date): string {
  const day = dayOf(new Date(+at - 1));
  return +readUntil(day) === +at ? day : at.toISOString();
}
