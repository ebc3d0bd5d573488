/** What a sign-in reaches (REFEDS Single-Factor and Multi-Factor Authentication Profiles). */
export const ACR_SINGLE_FACTOR = 'https://refeds.org/profile/sfa';
export const ACR_MULTI_FACTOR = 'https://refeds.org/profile/mfa';

/** How somebody proved who they are: values of RFC 8176 section 2. */
export type Amr = 'pwd' | 'otp' | 'hwk' | 'swk' | 'user' | 'mfa';

/** The authentication context that these methods reach. */
export function acrOf(amr: readonly string[]): string {
  return amr.includes('mfa') ? ACR_MULTI_FACTOR : ACR_SINGLE_FACTOR;
}

/** What a sign-in rests on: it counts only if that still stands when it is stored. */
export type Credential =
  | { subject: string; passwordHash: string }
  | { subject: string; passkeyId: string };
