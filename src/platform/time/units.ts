/** In seconds. */
export const MINUTE = 60;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** In milliseconds. */
export const HOUR_MS = HOUR * 1_000;
export const DAY_MS = DAY * 1_000;
