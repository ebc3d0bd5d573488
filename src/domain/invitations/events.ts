import type { Role } from '../memberships/membership-store.ts';

declare module '../../platform/events/record-event.ts' {
  interface EventDetails {
    'invitation.created': {
      invitation: string;
      label: string;
      role: Role;
      maxUses: number | null;
      days: number;
    };
    'invitation.revoked': { invitation: string; label: string };
    'invitation.used': { invitation: string; label: string };
  }
}
