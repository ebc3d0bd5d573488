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
  /** Where the script gets the passkeys' challenge. */
  passkeyOptionsUrl?: string | undefined;
  /** Another address of the community, where the passkey can be used. */
  elsewhere?: { host: string; url: string } | undefined;
  restartUrl: string;
};
