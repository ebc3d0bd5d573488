import { DEFAULT_ZONE } from '../../platform/i18n/dates.ts';

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
  const next = Date.UTC(year, month - 1, day + 1);
  // The clocks of the zone change at 1:00 UTC: its midnights have the offset of UTC's.
  return new Date(next - offset(next));
}

/** Milliseconds by which the zone is ahead of UTC at an instant. */
function offset(at: number): number {
  const format = new Intl.DateTimeFormat('en', {
    timeZone: DEFAULT_ZONE,
    timeZoneName: 'longOffset',
  });
  const name = format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours = '0', minutes = '0'] = /GMT([+-])(\d{2}):(\d{2})/.exec(name) ?? [];
  const span = (Number(hours) * 60 + Number(minutes)) * 60_000;
  return sign === '-' ? -span : span;
}

/** An end as `untilFault` takes it: the day that it is the end of, or the instant. */
export function writeUntil(at: Date): string {
  const day = new Date(+at - 1 + offset(+at - 1)).toISOString().slice(0, 10);
  return +readUntil(day) === +at ? day : at.toISOString();
}
