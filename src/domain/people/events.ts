declare module '../../platform/events/record-event.ts' {
  interface EventDetails {
    'app-password.created': { name: string };
    'app-password.revoked': { name: string };
    'export.made': undefined;
  }
}

export type {};
