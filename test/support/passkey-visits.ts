import type { Database } from '../../src/platform/database/database.ts';
import { Authenticator } from './authenticator.ts';
import { Browser, type Page } from './browser.ts';
import { PASSWORD } from './factories.ts';

/** What the options' address answers to the page's script. */
export type Question = {
  options: {
    challenge: string;
    rpId: string;
    rp: { id: string };
    user: { id: string };
    allowCredentials: { id: string }[];
    excludeCredentials: { id: string }[];
  };
  elsewhere: { rpId: string; host: string; url: string }[];
};

export const csrfOf = (page: Page) =>
  page.document.querySelector('input[name=csrf]')?.getAttribute('value') as string;

/** Sends a form as the page's script does, and follows nothing. */
export function post(
  browser: Browser,
  url: string,
  fields: Record<string, string>,
  signal?: AbortSignal,
) {
  return browser.send(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: new URL(url).origin },
    body: new URLSearchParams(fields).toString(),
    ...(signal && { signal }),
  });
}

/** Asks what the form of a page asks. */
export async function question(
  browser: Browser,
  page: Page,
  fields: Record<string, string> = {},
): Promise<Question> {
  const form = page.document.querySelector('form[data-passkey-options]');
  const path = form?.getAttribute('data-passkey-options');
  if (path == null) throw new Error(`no passkeys on ${page.url} (${page.status})`);
  const url = new URL(path, page.url).href;
  const response = await post(browser, url, { csrf: csrfOf(page), ...fields });
  if (response.status !== 200) throw new Error(`${url}: ${response.status}`);
  return (await response.json()) as Question;
}

export async function typePassword(browser: Browser, issuer: string, username: string) {
  const page = await browser.open(`${issuer}/login`);
  return browser.submit(page, '#login-form', { username, password: PASSWORD });
}

/** Signs in with the password, and makes a passkey on the account's page. */
export async function enrol(
  issuer: string,
  username: string,
  authenticator: Authenticator = new Authenticator(new URL(issuer).origin),
  browser: Browser = new Browser(),
): Promise<{ browser: Browser; authenticator: Authenticator; response: Response }> {
  await typePassword(browser, issuer, username);
  const page = await browser.open(`${issuer}/account/passkeys`);
  if (!page.url.endsWith('/account/passkeys')) throw new Error(`at ${page.url}`);
  const { options } = await question(browser, page);
  const response = await post(browser, `${issuer}/account/passkeys`, {
    csrf: csrfOf(page),
    name: '',
    response: authenticator.register(options),
  });
  if (response.status !== 303) throw new Error(`${response.status}: ${await response.text()}`);
  return { browser, authenticator, response };
}

/** Opens the sign-in page in a fresh browser, and answers its question. */
export async function signIn(
  issuer: string,
  authenticator: Authenticator,
  change: Parameters<Authenticator['signIn']>[1] = {},
): Promise<{ browser: Browser; response: Response }> {
  const browser = new Browser();
  const page = await browser.open(`${issuer}/login`);
  const { options } = await question(browser, page);
  const answer = authenticator.signIn(options, change);
  const fields = { csrf: csrfOf(page), response: answer };
  return { browser, response: await post(browser, `${issuer}/login/passkey`, fields) };
}

/** Whether somebody is signed in in this browser. */
export async function isSignedIn(issuer: string, browser: Browser): Promise<boolean> {
  return (await browser.open(`${issuer}/account`)).url === `${issuer}/account`;
}

/** How many sessions a member has, and how often they are said to have signed in. */
export async function signInsOf(db: Database, subject: string) {
  const [row] = await db.query<{ sessions: number; events: number }>(
    `SELECT (SELECT count(*)::int FROM sessions WHERE subject = $1) AS sessions,
       (SELECT count(*)::int FROM events WHERE subject = $1 AND type = 'member.signed-in') AS events`,
    [subject],
  );
  return row;
}
