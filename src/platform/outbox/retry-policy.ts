/** What came of an attempt to deliver. Reasons are kept and shown: no secret and no token; of foreign text a line. */
export type Outcome =
  | { state: 'done' }
  /** It may work later: the other side was away, busy, or broken. */
  | { state: 'retry'; reason: string; retryAfterMs?: number }
  /** The other side understood and said no: asking for days would change nothing. */
  | { state: 'refused'; reason: string; retryAfterMs?: number };

const FIRST_DELAY_MS = 5_000;
const LONGEST_DELAY_MS = 6 * 3_600_000;
/** Longer than any of our own delays, for a server that says when it will be back. */
const LONGEST_RETRY_AFTER_MS = 24 * 3_600_000;
/** The delays between them add up to about two days. */
export const MAX_ATTEMPTS = 14;
/** About half an hour: time to restart an app, or to mend its address. */
export const MAX_REFUSED_ATTEMPTS = 6;

/**
 * Milliseconds to the next attempt after `attempts` of them, four times longer each time and up to a
 * fifth more or less, so that what failed together does not come back together; undefined to give up.
 */
export function nextDelay(
  attempts: number,
  outcome: Exclude<Outcome, { state: 'done' }>,
  random: () => number = Math.random,
): number | undefined {
  const limit = outcome.state === 'refused' ? MAX_REFUSED_ATTEMPTS : MAX_ATTEMPTS;
  if (attempts >= limit) return undefined;
  const delay = Math.min(FIRST_DELAY_MS * 4 ** (attempts - 1), LONGEST_DELAY_MS);
  const spread = Math.round(delay * (0.8 + 0.4 * random()));
  return Math.max(spread, Math.min(outcome.retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS));
}

/**
 * The `Retry-After` of an answer (RFC 9110 §10.2.3), seconds or a date, in milliseconds from `now`;
 * undefined when absent or unreadable.
 */
export function parseRetryAfter(value: string | null, now = new Date()): number | undefined {
  if (value === null) return undefined;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1_000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - +now);
}
