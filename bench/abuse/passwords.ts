import { setTimeout as delay } from 'node:timers/promises';
import { Browser, type Page } from '../../test/support/browser.ts';
import type { HubTarget } from '../hub-target.ts';

/** How long a member of another community waits for their sign-in while one community is flooded. */
export async function measurePasswordWork(
  { realms, usernames, password }: HubTarget,
  { posts, signIns }: { posts: number; signIns: number },
) {
  const [flooded, other] = realms.map(({ issuer }) => issuer) as [string, string];
  const [first = '', second = '', third = '', fourth = ''] = usernames;
  const calm = await timeOfSignIn(other, first, password);
  console.log(`  a right sign-in while nothing else goes on: ${calm.toFixed(0)} ms`);
  const changes = await meanwhile(await changesOfPassword(flooded, second, password, posts), () =>
    timeOfSignIn(other, third, password),
  );
  console.log(
    `  … among ${posts} posts of a new password by one member elsewhere: ${told(changes)}`,
  );
  const change = await readyToChange(other, first, password);
  const changed = await meanwhile(
    await changesOfPassword(flooded, fourth, password, posts),
    change,
  );
  console.log(`  a new password elsewhere among as many posts: ${told(changed)}`);
  const guesses = await meanwhile(await wrongSignIns(flooded, signIns), () =>
    timeOfSignIn(other, second, password),
  );
  console.log(
    `  … among ${signIns} wrong sign-ins from as many addresses elsewhere: ${told(guesses)}`,
  );
  return { calm, changes, changed, guesses };
}

type Flood = (() => Promise<number>)[];
const told = ({ waited, statuses, seconds }: Awaited<ReturnType<typeof meanwhile>>) =>
  `${waited.toFixed(0)} ms; theirs took ${seconds.toFixed(1)} s, ${JSON.stringify(statuses)}`;

async function meanwhile(flood: Flood, act: () => Promise<number>) {
  const started = performance.now();
  const statuses: Record<number, number> = {};
  const all = flood.map(async (send) => {
    const status = await send().catch(() => 0);
    statuses[status] = (statuses[status] ?? 0) + 1;
  });
  await delay(300);
  const waited = await act();
  await Promise.all(all);
  return { waited, statuses, seconds: (performance.now() - started) / 1_000 };
}

async function timeOfSignIn(issuer: string, username: string, password: string): Promise<number> {
  const browser = from('203.0.113.7');
  const page = await browser.open(`${issuer}/login`);
  const started = performance.now();
  const home = await browser.submit(page, '#login-form', { username, password });
  if (home.status !== 200 || home.url.includes('/login'))
    throw new Error(`${home.status} ${home.url}`);
  return performance.now() - started;
}

async function changesOfPassword(
  issuer: string,
  username: string,
  password: string,
  posts: number,
): Promise<Flood> {
  const browser = from('203.0.113.8');
  const page = await browser.open(`${issuer}/login?return_to=/account/password`);
  const form = await browser.submit(page, '#login-form', { username, password });
  return Array.from(
    { length: posts },
    (_, n) => () =>
      post(browser, form, '#password-form', { password: `sept oignons et ${n} brouettes` }),
  );
}

/** How long a member waits for the answer to a new password. */
async function readyToChange(
  issuer: string,
  username: string,
  password: string,
): Promise<() => Promise<number>> {
  const [send] = await changesOfPassword(issuer, username, password, 1);
  return async () => {
    const started = performance.now();
    const status = await send?.();
    if (status !== 303) throw new Error(`a new password was answered ${status}`);
    return performance.now() - started;
  };
}

async function wrongSignIns(issuer: string, count: number): Promise<Flood> {
  const form = await from('198.18.0.1').open(`${issuer}/login`);
  const cookies = form.headers.getSetCookie();
  return Array.from({ length: count }, (_, n) => async () => {
    const browser = from(`198.18.${(n >> 8) + 1}.${n & 255}`);
    for (const cookie of cookies) await browser.jar.setCookie(cookie, form.url);
    return post(browser, form, '#login-form', { username: `name-${n}`, password: 'wrong' });
  });
}

async function post(
  browser: Browser,
  page: Page,
  selector: string,
  typed: Record<string, string>,
): Promise<number> {
  const form = page.document.querySelector(selector);
  const fields = Object.fromEntries(
    (form?.querySelectorAll('input') ?? []).map((input) => [
      input.getAttribute('name') ?? '',
      input.getAttribute('value') ?? '',
    ]),
  );
  const answer = await browser.send(new URL(form?.getAttribute('action') ?? '', page.url).href, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ ...fields, ...typed }).toString(),
  });
  await answer.body?.cancel();
  return answer.status;
}

const from = (address: string) => new Browser({ headers: { 'x-forwarded-for': address } });
