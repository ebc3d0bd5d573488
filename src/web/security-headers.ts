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

/** Headers of every answer; pages that hold something are never kept by a cache. */
export function setSecurityHeaders(ctx: Context, https: boolean): void {
  ctx.set({
    'Content-Security-Policy': [...BASE, "form-action 'self'"].join('; '),
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    // A form's Origin header must reach us: "no-referrer" would make it null.
    'Referrer-Policy': 'same-origin',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), payment=()',
    'Cache-Control': 'no-store',
  });
  if (https) ctx.set('Strict-Transport-Security', 'max-age=31536000');
}

/**
 * Lets the page's form end at an app's address. Browsers hold `form-action` against redirects, too,
 * and the last redirect of a sign-in goes to the app.
 */
export function allowFormsToLeave(ctx: Context): void {
  ctx.set('Content-Security-Policy', BASE.join('; '));
}
