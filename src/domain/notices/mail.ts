import type { Locale } from '../../platform/i18n/locale.ts';
import type { OutboxMessage } from '../../platform/outbox/outbox.ts';
import type { LinkKind } from '../links/link-store.ts';

/** Every message that the hub writes; each is a pair of views (HTML and text) in `views/mail`. */
export type MailTemplate =
  | 'verification'
  | 'recovery'
  | 'registration'
  | 'registration-known'
  | 'invitation'
  | 'request-received'
  | 'access-requested'
  | 'access-approved'
  | 'access-refused'
  | 'request-approved'
  | 'request-refused'
  | 'new-device'
  | 'new-passkey'
  | 'new-app-password'
  | 'passkey-removed'
  | 'second-factor-added'
  | 'second-factor-removed'
  | 'recovery-code-used'
  | 'password-changed'
  | 'email-changed'
  | 'email-removed'
  | 'assisted-recovery-started'
  | 'assisted-recovery-ready'
  | 'left'
  | 'deletion-requested'
  | 'deletion-done'
  | 'joined'
  | 'group-requested'
  | 'group-request-approved'
  | 'group-request-refused'
  | 'ends-near'
  | 'ends-digest'
  | 'host-missed'
  /** What guards an operator's account changed, or served, or a new browser signed in to it; `change` says what. */
  | 'operator-factors';

/**
 * The link that a message carries. It is made when the message is sent, so that no token waits in the
 * outbox; an invitation has its own, sealed.
 */
export type MailLink =
  | { kind: LinkKind; subject?: string; details?: Record<string, unknown>; hours: number }
  | { kind: 'invitation'; invitation: string };

/** What a template says beside the community's name: never a secret. `at` and `due` are instants (ISO 8601). */
export type MailData = Record<string, string | number | boolean | readonly MailLine[]>;

/** One of `lines`, a list in a message: which wording, and what stands in it. `until` is an instant (ISO 8601). */
export type MailLine = { kind: string } & Record<string, string>;

export type Mail = {
  communityId: string;
  /** The address of the community that the message's links lead to. */
  issuerUrl: string;
  template: MailTemplate;
  to: string;
  locale: Locale;
  data?: MailData;
  link?: MailLink;
};

declare module '../../platform/outbox/outbox.ts' {
  interface OutboxKinds {
    /** A message to be sent, rendered by the worker in the language of its reader. */
    mail: Omit<Mail, 'communityId'>;
    /** The same to an operator: the hub's own. */
    'operator-mail': { to: string; locale: Locale; template: MailTemplate; data: MailData };
    /**
     * A sign-in with a browser that the account was not known to use. The worker finds out whom to tell, and
     * whether it was the account's first sign-in, which is no news: a sign-in does not wait for that.
     */
    'new-device': {
      subject: string;
      issuerUrl: string;
      /** When (ISO 8601). */
      at: string;
      /** Where from: the network address. */
      ip: string;
      browser?: string;
      system?: string;
    };
  }
}

declare module '../../platform/outbox/outbox.ts' {
  interface HubOutboxKinds {
    'operator-mail': true;
  }
}

export type MailMessage = OutboxMessage<'mail'>;
export type NewDeviceMessage = OutboxMessage<'new-device'>;

export function mail({ communityId, ...payload }: Mail): MailMessage {
  return { kind: 'mail', communityId, payload };
}
