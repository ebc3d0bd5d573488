import type { MailMessage, NewDeviceMessage } from '../../domain/notices/mail.ts';
import type { Transaction } from '../database/database.ts';
import type { Locale } from '../i18n/locale.ts';

/** A logout token to be sent to a client (OpenID Connect Back-Channel Logout 1.0 §2.5). */
export type BackchannelLogout = {
  kind: 'backchannel-logout';
  communityId: string;
  payload: { issuer: string; clientId: string; subject: string; sid: string };
};

/** Somebody asked to register with an address: the worker finds out what to write to it. */
export type RegistrationRequest = {
  kind: 'registration-request';
  communityId: string;
  payload: { email: string; issuerUrl: string; locale: Locale };
};

/** Somebody cannot sign in any more: the worker finds out whose account the name leads to. */
export type RecoveryRequest = {
  kind: 'recovery-request';
  communityId: string;
  payload: { login: string; issuerUrl: string; locale: Locale };
};

export type OutboxMessage =
  | BackchannelLogout
  | MailMessage
  | NewDeviceMessage
  | RecoveryRequest
  | RegistrationRequest;

/** Queues messages in the transaction of the change that causes them; workers send them after it commits. */
export async function enqueue(tx: Transaction, messages: readonly OutboxMessage[]): Promise<void> {
  if (messages.length === 0) return;
  await tx.query(
    `INSERT INTO outbox (community_id, kind, payload)
     SELECT community_id, kind, payload FROM jsonb_to_recordset($1::jsonb)
       AS m (community_id uuid, kind text, payload jsonb)`,
    [
      JSON.stringify(
        messages.map((m) => ({ community_id: m.communityId, kind: m.kind, payload: m.payload })),
      ),
    ],
  );
}
