import type { Locale } from './locale.ts';

/** The zone of those who chose none. */
export const DEFAULT_ZONE = 'Europe/Paris';

/** Instants as people read them, in one language and one time zone. */
export type Dates = {
  /** 1ᵉʳ mars 2026. */
  day(date: Date): string;
  /** The day with its name, as a heading. */
  longDay(date: Date): string;
  /** Day and time. */
  moment(date: Date): string;
  /** Day and time, in few words for a table. */
  shortMoment(date: Date): string;
  time(date: Date): string;
};

/**
 * @param zone an IANA name; null or undefined for the zone of those who chose none
 */
export function datesFor(locale: Locale, zone?: string | null): Dates {
  const timeZone = zone ?? DEFAULT_ZONE;
  const write = (options: Intl.DateTimeFormatOptions) => {
    // Made when it is needed: making one takes longer than all else of a page's dates.
    let format: Intl.DateTimeFormat | undefined;
    return (date: Date) => {
      // Day before month, as in the rest of Europe.
      format ??= new Intl.DateTimeFormat(locale === 'en' ? 'en-GB' : locale, {
        timeZone,
        ...options,
      });
      return tidy(locale, format.formatToParts(date));
    };
  };
  return {
    day: write({ dateStyle: 'long' }),
    longDay: write({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }),
    moment: write({ dateStyle: 'long', timeStyle: 'short' }),
    shortMoment: write({ dateStyle: 'medium', timeStyle: 'short' }),
    time: write({ timeStyle: 'short' }),
  };
}

/**
 * When a day begins in a time zone.
 * @param day `YYYY-MM-DD`
 */
export function startOfDay(day: string, zone?: string | null): Date {
  const utc = Date.parse(`${day}T00:00:00Z`);
  const offset = (at: number) => offsetOf(at, zone ?? DEFAULT_ZONE);
  // Where the clocks change between the two, the second look is right.
  return new Date(utc - offset(utc - offset(utc)));
}

/** The day of an instant in a time zone, as `YYYY-MM-DD`. */
export function dayOf(at: Date, zone?: string | null): string {
  return new Date(+at + offsetOf(+at, zone ?? DEFAULT_ZONE)).toISOString().slice(0, 10);
}

/** Milliseconds by which a zone is ahead of UTC at an instant. */
function offsetOf(at: number, timeZone: string): number {
  const format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
  const name = format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours = '0', minutes = '0'] = /GMT([+-])(\d{2}):(\d{2})/.exec(name) ?? [];
  const span = (Number(hours) * 60 + Number(minutes)) * 60_000;
  return sign === '-' ? -span : span;
}

/** In French the first of a month is *premier*; a number stays on the line of what it counts. */
function tidy(locale: Locale, parts: Intl.DateTimeFormatPart[]): string {
  return parts
    .map(({ type, value }, index) => {
      if (locale === 'fr' && type === 'day' && value === '1') return '1ᵉʳ';
      const followsDay = type === 'literal' && parts[index - 1]?.type === 'day';
      return followsDay && value === ' ' ? '\u00a0' : value;
    })
    .join('');
}
