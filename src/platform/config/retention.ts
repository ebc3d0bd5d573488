import type { Env } from './env.ts';

/** Days for which is kept what nothing needs any more. */
export type Retention = {
  events: number;
  /** Messages that were kept because there is no mail server. */
  keptMails: number;
  /** Messages that could not be delivered. */
  failed: number;
};

type Bounds = { usual: number; least: number; most: number };

/** A year of the trail is what supervisory authorities advise; rules look back two months. */
const EVENTS: Bounds = { usual: 365, least: 90, most: 3650 };
const KEPT_MAILS: Bounds = { usual: 30, least: 1, most: 365 };
const FAILED: Bounds = { usual: 90, least: 1, most: 365 };

export function parseRetention(
  env: Env,
  fault: (variable: keyof Env, message: string) => void,
): Retention {
  const days = (variable: keyof Env, { usual, least, most }: Bounds) => {
    const text = env[variable];
    if (text === undefined) return usual;
    const value = /^\d{1,6}$/.test(text) ? Number(text) : undefined;
    if (value === undefined || value < least || value > most) {
      fault(variable, `"${text}" is not a number of days from ${least} to ${most}`);
    }
    return value ?? usual;
  };
  return {
    events: days('TROUSSEAU_KEEP_EVENTS_DAYS', EVENTS),
    keptMails: days('TROUSSEAU_KEEP_MAILS_DAYS', KEPT_MAILS),
    failed: days('TROUSSEAU_KEEP_FAILED_DAYS', FAILED),
  };
}
