declare module '../../platform/events/record-event.ts' {
  interface EventDetails {
    'operator.created': { email: string };
    'operator.updated': { email: string; fields: string[] };
    'operator.removed': { email: string };
    'operator.signed-in': undefined;
    'operator.sign-in-failed': undefined;
    'operator-reader.created': { name: string };
    'operator-reader.updated': { name: string };
    'operator-reader.removed': { name: string };
    'kept-mail.read': { mail: string };
  }
}

export type {};
