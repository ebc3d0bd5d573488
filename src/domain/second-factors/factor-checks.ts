import { verifyPasskeyFactor } from '../../passkeys/factor.ts';
import type { PendingSignIn } from '../../sign-in/pending-sign-in.ts';
import type { SignInTarget } from '../../sign-in/sign-in-target.ts';
import type { CommunityRequest } from '../../web/community-request.ts';
import type { WebParts } from '../../web/web-parts.ts';
import type { Amr } from '../sessions/authentication.ts';
import { checkRecoveryCodeFactor, checkTotpFactor } from './change-factors.ts';

export type FactorKind = 'passkey' | 'totp' | 'recovery-code';

/**
 * Checks what was sent as a second factor (`code`, or a passkey's `response`) and uses it up.
 * @returns what it proves (RFC 8176), to be added to `pwd` and `mfa`; undefined when it is not right
 */
export type FactorCheck = (
  parts: WebParts,
  request: CommunityRequest,
  pending: PendingSignIn,
  fields: Record<string, string>,
  target: SignInTarget,
) => Promise<Amr[] | undefined>;

/** The check of each kind of second factor. */
export const FACTOR_CHECKS: Record<FactorKind, FactorCheck> = {
  passkey: verifyPasskeyFactor,
  totp: checkTotpFactor,
  'recovery-code': checkRecoveryCodeFactor,
};
