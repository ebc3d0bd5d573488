import type { Amr } from '../../domain/sessions/authentication.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import type { WebParts } from '../routing/web-parts.ts';
import type { PendingSignIn } from './pending-sign-in.ts';

/**
 * Checks what was sent as a second factor (`code`, or a passkey's `response`) and uses it up.
 * @returns what it proves (RFC 8176), to be added to `pwd` and `mfa`; undefined when it is not right
 */
export type FactorCheck = (
  parts: WebParts,
  request: CommunityRequest,
  pending: PendingSignIn,
  sent: { code: string; response: string },
) => Promise<Amr[] | undefined>;
