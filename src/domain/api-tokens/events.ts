declare module '../../platform/events/record-event.ts' {
  interface EventDetails {
    'token.created': { token: string; name: string; scopes: string[]; days: number };
    'token.revoked': { token: string; name: string; because?: string };
  }
}

export type {};
