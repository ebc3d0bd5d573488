import { createTransport } from 'nodemailer';
import type { SmtpServer } from '../config/smtp-url.ts';
import type { Outcome } from '../outbox/retry-policy.ts';

/** A message as its reader will see it. */
export type RenderedMail = { subject: string; html: string; text: string };

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
  /** Whether the server lets us in; undefined when it does. */
  fault(): Promise<string | undefined>;
  close(): void;
};

/** Messages that one process sends at once. */
export const MOST_AT_ONCE = 4;

/**
 * Milliseconds for one attempt in all, well under the lease of a message: a server that trickles its
 * answers must not have it sent by two processes at once.
 */
const ATTEMPT_MS = 40_000;
/** For each step of it. */
const STEP_MS = 15_000;

/** Sends by SMTP (RFC 5321), over connections that are kept for a while. */
export function createMailer({
  server,
  from,
  ehloName,
  attemptMs = ATTEMPT_MS,
}: {
  server: SmtpServer;
  from: string;
  /** How the hub calls itself. */
  ehloName: string;
  attemptMs?: number;
}): Mailer {
  const { host, port, secure, starttls, auth } = server;
  const transport = createTransport({
    pool: true,
    maxConnections: MOST_AT_ONCE,
    host,
    port,
    secure,
    name: ehloName,
    ...(auth !== undefined && { auth }),
    requireTLS: !secure && starttls === 'required',
    ignoreTLS: starttls === 'off',
    // Where clear text would do, a certificate of the server's own making does as well.
    tls: { rejectUnauthorized: secure || starttls === 'required' },
    connectionTimeout: STEP_MS,
    greetingTimeout: STEP_MS,
    socketTimeout: STEP_MS,
    // Nothing in a message names a file or an address to be fetched.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
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
          // Nobody's holiday answers, please (RFC 3834 §5).
          headers: { 'Auto-Submitted': 'auto-generated', 'Content-Language': locale },
          signal: AbortSignal.timeout(attemptMs),
        });
        return { state: 'done' };
      } catch (error) {
        return judge(error as SmtpError);
      }
    },
    async fault() {
      try {
        await transport.verify();
        return undefined;
      } catch (error) {
        return reasonOf(error as SmtpError);
      }
    },
    close: () => transport.close(),
  };
}

type SmtpError = Error & { code?: string; responseCode?: number; command?: string };

/** RFC 5321 §4.2.1: 4yz passes, 5yz does not; but what concerns the hub rather than the reader can be mended. */
function judge(error: SmtpError): Outcome {
  const { code, responseCode, command } = error;
  const reason = reasonOf(error);
  if (responseCode === undefined) {
    // The address itself, or the message: it was not even offered.
    const isFinal = code === 'EENVELOPE' || code === 'EMESSAGE';
    return { state: isFinal ? 'refused' : 'retry', reason };
  }
  const isOurs = code === 'EAUTH' || command === 'MAIL FROM';
  const isFinal = responseCode >= 500 && !isOurs && (code === 'EENVELOPE' || code === 'EMESSAGE');
  return { state: isFinal ? 'refused' : 'retry', reason };
}

/** What went wrong, by numbers and codes: the server's own words often name the reader. */
function reasonOf({ name, code, responseCode, command }: SmtpError): string {
  if (name === 'AbortError' || name === 'TimeoutError' || code === 'EABORT') {
    return 'the mail server took too long';
  }
  if (responseCode === undefined) return `the mail server could not be used: ${code ?? name}`;
  const step = /^[A-Z ]{2,12}$/.test(command ?? '') ? ` to ${command}` : '';
  return `the mail server answered ${responseCode}${step}`;
}
