declare module '../../platform/events/record-event.ts' {
  interface EventDetails {
    'totp.added': { replaced: boolean };
    'totp.removed': undefined;
    'recovery-codes.made': undefined;
    'recovery-code.used': { left: number };
    'second-factor.failed': { using: string };
  }
}

export type {};
