import { type Challenge, solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import { expect } from 'vitest';
import { mintLink } from '../../src/domain/links/link-store.ts';
import { readKeptMail } from '../../src/domain/notices/kept-mail-store.ts';
import type { MailMessage } from '../../src/domain/notices/mail.ts';
import type { Database } from '../../src/platform/database/database.ts';
import type { Sealer } from '../../src/platform/secrets/sealer.ts';
import { Browser, type Page } from './browser.ts';

export const NEW_PASSWORD = 'sept girafes jouent au tarot';

/** What `challenge.js` does in a browser. @param issuer of the community that asks */
export async function solve(issuer: string): Promise<string> {
  const challenge = (await (await fetch(`${issuer}/challenge`)).json()) as Challenge;
  const solution = await solveChallenge({ challenge, deriveKey });
  return Buffer.from(JSON.stringify({ challenge, solution })).toString('base64');
}

/** Asks to register, as a browser with scripts. */
export async function askToRegister(
  issuer: string,
  email: string,
  browser = new Browser(),
): Promise<Page> {
  const page = await browser.open(`${issuer}/register`);
  return browser.submit(page, '#register-form', { email, challenge: await solve(issuer) });
}

type Written = MailMessage['payload'];

/** What was written to an address, oldest first, sent or not. */
export async function mailsTo(db: Database, communityId: string, to: string): Promise<Written[]> {
  const rows = await db.query<{ payload: Written }>(
    `SELECT payload FROM outbox WHERE community_id = $1 AND kind = 'mail' AND payload->>'to' = $2 ORDER BY id`,
    [communityId, to],
  );
  return rows.map(({ payload }) => payload);
}

/** Waits until the worker has done what it was asked for. */
export async function requestsDone(db: Database, communityId: string): Promise<void> {
  await expect
    .poll(
      async () => {
        const [row] = await db.query(
          `SELECT count(*)::int AS n FROM outbox
           WHERE community_id = $1 AND kind = 'registration-request' AND done_at IS NULL`,
          [communityId],
        );
        return row.n;
      },
      { timeout: 10_000 },
    )
    .toBe(0);
}

/** The page behind the link that an address was sent. */
export async function openRegistration(
  { database, issuer }: { database: Database; issuer: string },
  communityId: string,
  email: string,
  browser = new Browser(),
): Promise<{ browser: Browser; page: Page; url: string }> {
  const token = await mintLink(database, communityId, { kind: 'registration', email, hours: 24 });
  const url = `${issuer}/register/${token}`;
  return { browser, page: await browser.open(url), url };
}

/** What is wrong with each field, as the page says it. */
export function faultsOf(page: Page): Record<string, string> {
  return Object.fromEntries(
    page.document
      .querySelectorAll('.field-fault')
      .map((fault) => [fault.id.replace(/^fault-/, ''), fault.text]),
  );
}

/** The link in the newest message to an address: the worker has written it. */
export async function linkIn(
  { database, sealer }: { database: Database; sealer: Sealer },
  to: string,
): Promise<string> {
  let link: string | undefined;
  await expect
    .poll(
      async () => {
        const [row] = await database.query(
          'SELECT id FROM kept_mails WHERE recipient = $1 ORDER BY id DESC LIMIT 1',
          [to],
        );
        const mail = row && (await readKeptMail(database, sealer, row.id));
        link = /https?:\/\/\S+\/[\w-]{43}(?=\s|$)/.exec(mail?.text ?? '')?.[0];
        return link;
      },
      { timeout: 10_000 },
    )
    .toBeDefined();
  return link as string;
}
