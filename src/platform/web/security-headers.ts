import type { Context } from 'koa';

const BASE = [
  "default-src 'none'",
  "style-src 'self'",
  "img-src 'self' data: https:",
  "script-src 'self'",
  "connect-src 'self'",
  "font-src 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
];

const LEAVING = BASE.join('; ');
const STAYING = [...BASE, "form-action 'self'"].join('; ');

const HEADERS: [name: string, value: string][] = [
  ['Content-Security-Policy', STAYING],
  ['X-Content-Type-Options', 'nosniff'],
  ['X-Frame-Options', 'DENY'],
  // A form's Origin header must reach us: "no-referrer" would make it null.
  ['Referrer-Policy', 'same-origin'],
  ['Cross-Origin-Opener-Policy', 'same-origin'],
  ['Permissions-Policy', 'camera=(), microphone=(), geolocation=(), payment=()'],
  ['Cache-Control', 'no-store'],
];

/** Headers of every answer; pages that hold something are never kept by a cache. */
export function setSecurityHeaders(ctx: Context, https: boolean): void {
  for (const [name, value] of HEADERS) ctx.res.setHeader(name, value);
  if (https) ctx.res.setHeader('Strict-Transport-Security', 'max-age=31536000');
}

/**
 * Lets the page's form end at an app's address. Browsers hold `form-action` against redirects, too,
 * and the last redirect of a sign-in goes to the app.
 */
export function allowFormsToLeave(ctx: Context): void {
  ctx.res.setHeader('Content-Security-Policy', LEAVING);
}
