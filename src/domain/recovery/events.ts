declare module '../../platform/events/record-event.ts' {
  interface EventDetails {
    'recovery.requested': undefined;
    'assisted-recovery.requested': { recovery: string };
    'assisted-recovery.approved': { recovery: string };
    'assisted-recovery.ready': { recovery: string };
    'assisted-recovery.refused': { recovery: string };
    'assisted-recovery.cancelled': { recovery: string };
    'assisted-recovery.done': { recovery: string };
  }
}

export type {};
