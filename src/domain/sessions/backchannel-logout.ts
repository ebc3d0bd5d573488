import type { OutboxMessage } from '../../platform/outbox/outbox.ts';

declare module '../../platform/outbox/outbox.ts' {
  interface OutboxKinds {
    /** A logout token to be sent to a client (OpenID Connect Back-Channel Logout 1.0 §2.5). */
    'backchannel-logout': { issuer: string; clientId: string; subject: string; sid: string };
  }
}

export type BackchannelLogout = OutboxMessage<'backchannel-logout'>;
