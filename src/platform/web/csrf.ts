import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Context } from 'koa';
import type { Sealer } from '../secrets/sealer.ts';
import { newToken } from '../secrets/token-hash.ts';
import { isSameOrigin } from '../text/host-name.ts';

const FIELD = 'csrf';
const FORM_ID_LENGTH = 16;

/** A form came from elsewhere, or from a page that is too old. */
export class CsrfError extends Error {
  override readonly name = 'CsrfError';
}

/**
 * Signed double-submit tokens: a random cookie of the site, and in each form its keyed digest with the name of
 * the page that was shown, which no other site can make. The browser's own word on where a form came from counts as well.
 */
export type Csrf = {
  /** The token of the page at hand: of each page another, so that a form that is sent again is known for it. */
  token(ctx: Context, path: string): string;
  /** What the browser itself says of where a form comes from; before anything of it is read. @throws CsrfError */
  checkSource(ctx: Context, ownOrigin: string): void;
  /** @throws CsrfError */
  checkToken(ctx: Context, fields: Iterable<readonly [string, string]>): void;
};

const cookieOf = (ctx: Context) => ctx.cookies.get('trousseau_csrf', { signed: false });

/** The cookie that stands behind the forms of this browser: no script and no other site can read it. */
export function browserKeyOf(ctx: Context): string | undefined {
  return (ctx.state.csrf as string | undefined) ?? cookieOf(ctx);
}

/** Which page's form was sent: the same when it is sent again. Undefined until its token was checked. */
export function formIdOf(ctx: Context): string | undefined {
  return ctx.state.formId as string | undefined;
}

export function createCsrf(sealer: Sealer): Csrf {
  // While the secret is rotated, processes differ in their newest key: each takes the others' tokens.
  const keys = sealer.derive('csrf');
  const digest = (value: string, key = keys[0] as string) =>
    createHmac('sha256', key).update(value).digest('base64url');

  const checkToken: Csrf['checkToken'] = (ctx, fields) => {
    const cookie = cookieOf(ctx);
    const given = [...fields].findLast(([name]) => name === FIELD)?.[1];
    if (cookie === undefined || given === undefined) throw new CsrfError('no token');
    const formId = given.slice(0, FORM_ID_LENGTH);
    const actual = Buffer.from(given.slice(FORM_ID_LENGTH));
    const fits = keys.some((key) => {
      const expected = Buffer.from(digest(`${formId}.${cookie}`, key));
      return expected.length === actual.length && timingSafeEqual(expected, actual);
    });
    if (!fits) throw new CsrfError('wrong token');
    ctx.state.formId = formId;
  };
  return {
    token(ctx, path) {
      let value = browserKeyOf(ctx);
      if (value === undefined || value.length < 40) {
        value = newToken();
        ctx.cookies.set('trousseau_csrf', value, {
          httpOnly: true,
          sameSite: 'lax',
          path,
          signed: false,
          overwrite: true,
        });
      }
      ctx.state.csrf = value;
      ctx.state.newFormId ??= newToken().slice(0, FORM_ID_LENGTH);
      const formId = ctx.state.newFormId as string;
      return formId + digest(`${formId}.${value}`);
    },
    checkSource,
    checkToken,
  };
}

/** Whether the browser says that another site's page had it ask (Fetch Metadata); not every browser says so. */
export function isFromElsewhere(ctx: Context): boolean {
  return !['', 'same-origin', 'none'].includes(ctx.get('sec-fetch-site'));
}

function checkSource(ctx: Context, ownOrigin: string): void {
  if (isFromElsewhere(ctx)) throw new CsrfError('sent from another site');
  const origin = ctx.get('origin');
  // No more than scheme and host: whatever else a sender writes there is not for the log.
  if (origin !== '' && !isSameOrigin(origin, ownOrigin))
    throw new CsrfError(`origin: ${URL.parse(origin)?.origin ?? 'unreadable'}`);
}
