import { useRecoveryCode } from '../../domain/second-factors/change-factors.ts';
import { checkTotp } from '../../domain/second-factors/totp.ts';
import type { Amr } from '../../domain/sessions/authentication.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { verifyPasskeyFactor } from './passkey-factor.ts';
import type { PendingSignIn } from './pending-sign-in.ts';

export type FactorKind = 'passkey' | 'totp' | 'recovery-code';

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

/** The check of each kind of second factor. */
export const FACTOR_CHECKS: Record<FactorKind, FactorCheck> = {
  passkey: verifyPasskeyFactor,
  totp: async (parts, _request, { personId }, { code }) =>
    (await checkTotp(parts, personId, code)) ? ['otp'] : undefined,
  'recovery-code': async (parts, request, pending, { code }) =>
    (await useRecoveryCode(parts, request, pending, code)) ? ['otp'] : undefined,
};
