import type { PasskeyOffer } from './passkey-factor.ts';

/** The page between a password and a sign-in, for whoever has a second factor. */
export type SecondFactorPage = {
  page: 'second-factor';
  action: string;
  csrf: string;
  service?: { name: string } | undefined;
  /** What is asked for on the page; the others are links. */
  using: 'passkey' | 'totp' | 'recovery-code';
  /** What the person has, besides `using`, with the address of the page that asks for it. */
  others: { using: 'passkey' | 'totp' | 'recovery-code'; url: string }[];
  fault?: 'missing' | 'code' | 'passkey' | 'throttled' | undefined;
  retryAfterMinutes?: number | undefined;
  /** Where the passkeys are that `using` asks for. */
  passkey?: PasskeyOffer | undefined;
  restartUrl: string;
};

declare module '../../platform/web/pages.ts' {
  interface Pages {
    secondFactor: SecondFactorPage;
  }
}
