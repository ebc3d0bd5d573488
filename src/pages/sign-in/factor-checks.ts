import { useRecoveryCode } from '../../domain/second-factors/change-factors.ts';
import { memberHolder } from '../../domain/second-factors/holder.ts';
import { checkTotp } from '../../domain/second-factors/totp.ts';
import type { FactorKind } from '../components/factor-kinds.ts';
import type { FactorCheck } from './factor-check.ts';
import { verifyPasskeyFactor } from './passkey-factor.ts';

/** The check of each kind of second factor. */
export const FACTOR_CHECKS: Record<FactorKind, FactorCheck> = {
  passkey: verifyPasskeyFactor,
  totp: async (parts, _request, { personId, tokenHash }, { code }) =>
    (await checkTotp(parts, personId, code, Date.now(), tokenHash)) ? ['otp'] : undefined,
  'recovery-code': async (parts, request, pending, { code }) =>
    (await useRecoveryCode(parts, memberHolder(request, pending), code, pending.tokenHash))
      ? ['otp']
      : undefined,
};
