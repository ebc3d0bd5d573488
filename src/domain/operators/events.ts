declare module '../../platform/events/record-event.ts' {
  interface EventDetails {
    'operator.created': { email: string };
    'operator.updated': { email: string; fields: string[] };
    'operator.removed': { email: string };
    'operator.signed-in': { amr: string[] };
    'operator.sign-in-failed': { using: 'password' | 'passkey' };
    'operator.second-factor-failed': { operator: string; using: string };
    'operator.factors-removed': {
      email: string;
      passkeys: number;
      totp: boolean;
      recoveryCodes: number;
    };
    'operator-reader.created': { name: string };
    'operator-reader.updated': { name: string };
    'operator-reader.removed': { name: string };
    'kept-mail.read': { mail: string };
    /** `link`: what it opens. */
    'kept-mail.link-shown': { mail: string; link: string };
  }
}

export type {};
