import type { Factors } from '../../domain/second-factors/factor-store.ts';

export type FactorKind = 'passkey' | 'totp' | 'recovery-code';

/** What somebody has, the easiest first. */
export function kindsOf({ passkeys, totp, recoveryCodesLeft }: Factors): FactorKind[] {
  const kinds: FactorKind[] = [];
  if (passkeys.length > 0) kinds.push('passkey');
  if (totp) kinds.push('totp');
  if (recoveryCodesLeft > 0) kinds.push('recovery-code');
  return kinds;
}

/** Which of them is meant. A recovery code that was sent may have been the last, used up by the same form a moment ago. */
export function kindMeant(kinds: FactorKind[], wanted: unknown, isSent = false): FactorKind {
  if (isSent && wanted === 'recovery-code') return wanted;
  return kinds.find((kind) => kind === wanted) ?? kinds[0] ?? 'totp';
}
