declare module '../../platform/events/record-event.ts' {
  interface EventDetails {
    /** How it was proven (RFC 8176). */
    'member.signed-in': { amr: readonly string[] };
    /** At whose wish: an app's, by its client id. */
    'member.signed-out': { client?: string } | undefined;
    'member.signed-out-everywhere': { sessions: number };
    'session.ended': undefined;
    'session.others-ended': { sessions: number };
    'sign-in.failed': { using: 'passkey' } | { via: 'ldap' } | undefined;
    /** It was proven who they are, and their membership lets nobody in. */
    'sign-in.refused': {
      reason: 'requested' | 'refused' | 'suspended' | 'ended' | 'left';
      using: 'password' | 'passkey';
    };
    'sign-in.throttled': { using: 'passkey' } | { via: 'ldap' } | undefined;
  }
}

export type {};
