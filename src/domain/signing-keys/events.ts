declare module '../../platform/events/record-event.ts' {
  interface EventDetails {
    'signing-keys.created': { kids: string[] };
    'signing-keys.rotated': { kids: string[]; mode: string; activatesAt: Date };
  }
}

export type {};
