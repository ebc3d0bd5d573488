import { type Config, isLoopbackName } from '../../platform/config/config.ts';
import { createMailer } from '../../platform/mail/transport.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** Whether messages leave the hub, and how. Sends none. */
export async function checkMail({ mail, url }: Config): Promise<Finding[]> {
  const { server, from, ehloName } = mail;
  if (server === undefined) {
    const text =
      'no mail server (SMTP_URL): messages are kept for the operator, at /operator/mails';
    return [isLoopbackName(url.hostname) ? ok(text) : warn(text)];
  }
  const place = `${server.host}:${server.port}`;
  const mailer = createMailer({ server, from, ehloName });
  try {
    const fault = await mailer.fault();
    if (fault !== undefined) return [fail(`SMTP_URL: ${fault} (${place})`)];
  } finally {
    mailer.close();
  }
  const findings = [ok(`the mail server ${place} takes messages from ${from}`)];
  if (!server.secure && server.starttls !== 'required' && !isLoopbackName(server.host)) {
    findings.push(
      warn(
        `SMTP_URL lets messages travel in clear to ${server.host}, with the links that open accounts; use starttls=required`,
      ),
    );
  }
  return findings;
}
