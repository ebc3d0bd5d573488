declare module '../events/record-event.ts' {
  interface EventDetails {
    'message.undelivered': { message: string; kind: string; reason: string };
  }
}

export type {};
