import { parse } from 'node-html-parser';
import { Browser } from '../test/support/browser.ts';
import { makeHubTarget } from './hub-target.ts';
import { median, quantile } from './stats.ts';

const LIMIT_BYTES = 60_000;
const LIMIT_MS = 50;

type Row = { page: string; html: number; others: number; files: number; p50: number; p95: number };

/** What the pages of a sign-in weigh with all that they load, and how long the hub needs to answer. */
export async function measurePages(options: { times: number }): Promise<Row[]> {
  const hub = await makeHubTarget({
    communities: 1,
    members: 2,
    alsoSeed: async (database) => {
      await database.query(`UPDATE communities SET registration = 'open', accent = '#0a7d5a'`);
      await database.query(
        `INSERT INTO passkeys (person_id, rp_id, credential_id, public_key, backup_eligible, backed_up, name)
         SELECT person_id, 'localhost', '\\x0102', '\\x03', true, true, 'Téléphone'
         FROM memberships WHERE username = 'membre2'`,
      );
    },
  });
  const process = await hub.start();
  const realm = hub.realms[0] as (typeof hub.realms)[0];
  const rows: Row[] = [];
  try {
    const browser = new Browser();
    const half = await browser.open(`${realm.issuer}/login`);
    await browser.submit(half, '#login-form', { username: 'membre2', password: hub.password });
    const app = await browser.open(authorization(realm));
    const pages = {
      'sign-in': `${realm.issuer}/login`,
      'sign-in to an app': app.url,
      'second factor': `${realm.issuer}/login/second-factor`,
      recovery: `${realm.issuer}/recover`,
      registration: `${realm.issuer}/register`,
    };
    for (const [page, url] of Object.entries(pages)) {
      rows.push({
        page,
        ...(await weigh(browser, url)),
        ...(await time(options.times, () => browser.send(url))),
      });
    }
    rows.push(await timeSignIn(realm.issuer, hub.password, options.times));
  } finally {
    await process.stop();
    await hub.remove();
  }
  report(rows);
  return rows;
}

/** Bytes as they are sent, of the page, of each file that it names and of the fonts that its styles name. */
async function weigh(browser: Browser, url: string) {
  const response = await browser.send(url);
  const html = await response.text();
  if (response.status !== 200) throw new Error(`${url}: ${response.status}`);
  const named = parse(html)
    .querySelectorAll('link[href], script[src], img[src], source[src], iframe[src], use[href]')
    .map((element) => element.getAttribute('href') ?? element.getAttribute('src') ?? '')
    .filter((address) => !address.startsWith('data:'));
  const files = new Set(named.map((address) => new URL(address, url).href.replace(/#.*/, '')));
  let others = 0;
  for (const file of files) {
    if (new URL(file).origin !== new URL(url).origin) throw new Error(`${url} loads ${file}`);
    const answer = await browser.send(file);
    const text = await answer.text();
    others += Number(answer.headers.get('content-length') ?? text.length);
    for (const [, font] of text.matchAll(/url\("([^"]+\.woff2)"\)/g))
      files.add(new URL(font as string, file).href);
  }
  return { html: Buffer.byteLength(html), others, files: files.size };
}

async function time(times: number, send: () => Promise<Response>) {
  const taken: number[] = [];
  for (let count = 0; count < times; count += 1) {
    const begin = performance.now();
    await (await send()).arrayBuffer();
    taken.push(performance.now() - begin);
  }
  return { p50: median(taken), p95: quantile(taken, 0.95) };
}

/** A right password, its hash included. */
async function timeSignIn(issuer: string, password: string, times: number): Promise<Row> {
  const browser = new Browser();
  const page = await browser.open(`${issuer}/login`);
  const csrf = page.document.querySelector('#login-form [name=csrf]')?.getAttribute('value') ?? '';
  const body = new URLSearchParams({ csrf, username: 'membre1', password }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const taken = await time(times, () =>
    browser.send(`${issuer}/login`, { method: 'POST', headers, body }),
  );
  return { page: 'sign-in sent, hash included', html: 0, others: 0, files: 0, ...taken };
}

function authorization(realm: { issuer: string; clientId: string; redirectUri: string }): string {
  const query = new URLSearchParams({
    client_id: realm.clientId,
    redirect_uri: realm.redirectUri,
    response_type: 'code',
    scope: 'openid profile email',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  });
  return `${realm.issuer}/oidc/auth?${query}`;
}

function report(rows: Row[]): void {
  console.log('\nPages of a sign-in: bytes as sent, milliseconds at the client:');
  for (const { page, html, others, files, p50, p95 } of rows) {
    const total = html + others;
    const weight = `${kilo(html)} + ${kilo(others)} in ${files} files = ${kilo(total)} KB`;
    const faults = [
      ...(total >= LIMIT_BYTES ? ['TOO HEAVY'] : []),
      ...(p50 >= LIMIT_MS ? ['TOO SLOW'] : []),
    ];
    console.log(
      `  ${page.padEnd(28)} ${(total === 0 ? '' : weight).padEnd(38)} median ${p50.toFixed(1)} ms, 95 % ${p95.toFixed(1)} ms ${faults.join(' ')}`,
    );
  }
}

const kilo = (bytes: number) => (bytes / 1000).toFixed(1);
