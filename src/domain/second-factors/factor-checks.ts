import type { CommunityRequest } from '../../pages/routing/community-request.ts';
import type { WebParts } from '../../pages/routing/web-parts.ts';
import { verifyPasskeyFactor } from '../../pages/sign-in/passkey-factor.ts';
import type { PendingSignIn } from '../../pages/sign-in/pending-sign-in.ts';
import type { SignInTarget } from '../../pages/sign-in/sign-in-target.ts';
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
