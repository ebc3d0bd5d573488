import { allowFormsToLeave } from '../../platform/web/security-headers.ts';
import type { CommunityRequest } from '../routing/community-request.ts';

/** Lets a page's form set out for the hub, which is at another address than a community with its own host. */
export function allowJoinRedirect({ ctx, issuer }: CommunityRequest): void {
  if (issuer.basePath === '') allowFormsToLeave(ctx);
}
