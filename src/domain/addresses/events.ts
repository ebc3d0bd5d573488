declare module '../../platform/events/record-event.ts' {
  interface EventDetails {
    'email.added': undefined;
    'email.removed': undefined;
    'email.verified': undefined;
    'email.chosen': { before: string | null; to: string };
  }
}

export type {};
