declare module '../../platform/events/record-event.ts' {
  interface EventDetails {
    'passkey.added': { passkey: string; name: string; host: string; synced: boolean };
    'passkey.renamed': { passkey: string; name: string; before: string };
    'passkey.removed': { passkey: string };
    'passkey.counter-went-back': { passkey: string };
  }
}

export type {};
