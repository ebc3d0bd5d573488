import { timingSafeEqual } from 'node:crypto';
import type { Context } from 'koa';
import type { Config } from '../config/config.ts';
import { isIn, isLoopback } from '../net/addresses.ts';
import { tokenHash } from '../secrets/token-hash.ts';

/** Whatever a proxy puts there that passes somebody's request on. */
const PASSED_ON = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'via',
];

/** From the loopback without a proxy in between, or with the token of `TROUSSEAU_METRICS_TOKEN`. */
export function isFromInside(config: Config, ctx: Context): boolean {
  const given = /^Bearer (.+)$/.exec(ctx.get('authorization'))?.[1];
  if (config.metricsToken !== undefined && given !== undefined) {
    return timingSafeEqual(tokenHash(given), tokenHash(config.metricsToken));
  }
  const peer = ctx.req.socket.remoteAddress ?? '';
  // Behind a proxy on this machine everybody would come from the loopback.
  return isLoopback(peer) && !isIn(peer, config.trustedProxies) && !isPassedOn(ctx);
}

/** The same, and from a trusted proxy that asks for itself. */
export function isFromInsideOrProxy(config: Config, ctx: Context): boolean {
  const peer = ctx.req.socket.remoteAddress ?? '';
  return isFromInside(config, ctx) || (isIn(peer, config.trustedProxies) && !isPassedOn(ctx));
}

function isPassedOn(ctx: Context): boolean {
  return PASSED_ON.some((name) => ctx.get(name) !== '');
}
