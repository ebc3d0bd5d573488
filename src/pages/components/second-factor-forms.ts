import type { Context } from 'koa';
import { z } from 'zod';
import { shownCodes } from '../../domain/second-factors/recovery-codes.ts';
import { typed } from '../../platform/web/form-fields.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { FACTOR_OTHERS, othersField } from './other-sessions-field.ts';

/** What an authenticator app is set up with. */
export const totpFields = z.object({
  setup: z.string().optional(),
  code: z.string().optional(),
  others: othersField(FACTOR_OTHERS),
});
/** The codes of the page, sent back to be had as a file. */
export const shownCodesFields = z.object({ codes: typed });

/** The codes of the page as a file: they are nowhere else any more. */
export function sendCodes(request: CommunityRequest, codes: string): void {
  const { ctx, community, issuer } = request;
  sendCodesOf(ctx, { slug: community.slug, name: community.name, url: issuer.url }, codes);
}

export function sendCodesOf(
  ctx: Context,
  of: { slug: string; name: string; url: string },
  codes: string,
): void {
  ctx.type = 'text/plain; charset=utf-8';
  ctx.set('Content-Disposition', `attachment; filename="${of.slug}-codes.txt"`);
  ctx.body = `${of.name}\n${of.url}\n\n${shownCodes(codes).join('\n')}\n`;
}
