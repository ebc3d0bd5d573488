import type { Context } from 'koa';
import { SealError, type Sealer } from '../secrets/sealer.ts';
import { newToken } from '../secrets/token-hash.ts';

const COOKIE = 'trousseau_device';
const MAX_AGE_MS = 180 * 24 * 60 * 60 * 1000;

/**
 * A browser that an account signed in with before carries a sealed note of it. It opens nothing: it
 * only lets the member's own attempts be counted apart from a stranger's.
 */
export function knownDevice(
  ctx: Context,
  sealer: Sealer,
  communityId: string,
  subject: string,
): string | undefined {
  const value = ctx.cookies.get(COOKIE, { signed: false });
  if (value === undefined || value.length > 2000) return undefined;
  try {
    const note = JSON.parse(
      sealer.open(Buffer.from(value, 'base64url'), `device:${communityId}`).toString(),
    );
    return note.subject === subject && note.until > Date.now() ? note.device : undefined;
  } catch (error) {
    if (error instanceof SealError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function rememberDevice(
  ctx: Context,
  sealer: Sealer,
  communityId: string,
  subject: string,
  path: string,
): void {
  const note = JSON.stringify({ subject, device: newToken(), until: Date.now() + MAX_AGE_MS });
  ctx.cookies.set(COOKIE, sealer.seal(note, `device:${communityId}`).toString('base64url'), {
    httpOnly: true,
    sameSite: 'lax',
    path,
    maxAge: MAX_AGE_MS,
    signed: false,
    overwrite: true,
  });
}
