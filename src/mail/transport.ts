import { createTransport } from 'nodemailer';
import type { Outcome } from '../outbox/retry-policy.ts';
import type { RenderedMail } from './render-mail.ts';

/** An e-mail, ready to be sent. */
export type OutgoingMail = RenderedMail & {
  to: string;
  /** The community's name, which stands before the sender's address. */
  fromName: string;
  replyTo: string | null;
  /** Stays the same when the message is sent again: a repeat can be told from a second message. */
  messageId: string;
  locale: string;
};

export type Mailer = {
  /** @returns `retry` for what may pass, `refused` when the server says that it never will */
  send(mail: OutgoingMail): Promise<Outcome>;
  close(): void;
};

/** Codes of nodemailer that speak of the message and not of the moment. */
const FINAL = new Set(['EENVELOPE', 'EMESSAGE']);
const TIMEOUT_MS = 20_000;

/**
 * Sends by SMTP (RFC 5321).
 * @param url `smtp://` or `smtps://`, with user and password where the server asks for them; `smtp://`
 *   takes STARTTLS where it is offered
 */
export function createMailer({ url, from }: { url: string; from: string }): Mailer {
  const transport = createTransport(url, {
    pool: true,
    maxConnections: 4,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    // Nothing in a message names a file or an address to be fetched.
    disableFileAccess: true,
    disableUrlAccess: true,
  } as Parameters<typeof createTransport>[1]);
  return {
    async send({ to, fromName, replyTo, messageId, locale, subject, html, text }) {
      try {
        await transport.sendMail({
          from: { name: fromName, address: from },
          to: { name: '', address: to },
          ...(replyTo !== null && { replyTo: { name: fromName, address: replyTo } }),
          messageId,
          subject,
          html,
          text,
          headers: { 'Auto-Submitted': 'auto-generated', 'Content-Language': locale },
        });
        return { state: 'done' };
      } catch (error) {
        return judge(error as Error & { code?: string; responseCode?: number });
      }
    },
    close: () => transport.close(),
  };
}

/** RFC 5321 section 4.2.1: 4yz passes, 5yz does not. The server's words are not kept: they name the address. */
function judge({ code, responseCode }: { code?: string; responseCode?: number }): Outcome {
  const reason = `the mail server answered ${responseCode ?? code ?? 'nothing'}`;
  const isFinal =
    responseCode === undefined ? code === 'EMESSAGE' : responseCode >= 500 && FINAL.has(code ?? '');
  return { state: isFinal ? 'refused' : 'retry', reason };
}
