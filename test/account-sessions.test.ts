import { describe, expect, it } from 'vitest';
import { visit } from './support/account-visits.ts';
import type { Browser } from './support/browser.ts';
import { type BuiltMember, buildCommunity } from './support/factories.ts';
import { RelyingParty, type Tokens } from './support/relying-party.ts';
import { useHub } from './support/use-hub.ts';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1';

const hub = useHub({
  service: { name: 'Nuage' },
  client: {
    backchannelLogoutUri: 'https://cloud.example/logout',
    grants: ['authorization_code', 'refresh_token'],
  },
});

type Device = { browser: Browser; app: RelyingParty; tokens: Tokens };

/** The same member on two devices, each with the app open. */
async function twoDevices() {
  const member = await hub.newMember();
  const open = async (agent: string): Promise<Device> => {
    const { browser } = await visit(hub, hub.community, {
      member,
      headers: { 'user-agent': agent },
    });
    const app = new RelyingParty(hub.url, hub.community, hub.service);
    const tokens = await app.tokens(await app.signIn(browser, member.username));
    return { browser, app, tokens };
  };
  return { member, computer: await open(FIREFOX), phone: await open(IPHONE) };
}

const at = (path: string) => `${hub.issuer}${path}`;
const isSignedIn = async ({ browser }: Device) =>
  (await browser.open(at('/account'))).url === at('/account');
const isServed = async ({ app, tokens }: Device) =>
  (await app.userinfo(tokens.access_token)).status === 200;

async function end(browser: Browser, fields: Record<string, string> = {}) {
  const page = await browser.open(at('/account/sessions'));
  const uid = page.document.querySelector('input[name=uid]')?.getAttribute('value') as string;
  const csrf = page.document.querySelector('input[name=csrf]')?.getAttribute('value') as string;
  return browser.open(at('/account/sessions/end'), {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: hub.url },
    body: new URLSearchParams({ csrf, uid, ...fields }).toString(),
  });
}

async function logouts({ subject }: BuiltMember) {
  return hub.database.query(
    `SELECT 1 FROM outbox WHERE kind = 'backchannel-logout' AND payload ->> 'subject' = $1`,
    [subject],
  );
}

describe('the page of sessions', () => {
  it('tells each browser by its name and system, this one first, with the services it opened', async () => {
    const { computer, member } = await twoDevices();
    const page = await computer.browser.open(at('/account/sessions'));
    const entries = page.document.querySelectorAll('.entries > li').map(({ text }) => text);
    expect(entries).toHaveLength(2);
    expect(entries[0]).toMatch(/Firefox sur Linux\s+cet appareil/);
    expect(entries[1]).toContain('Safari sur iOS');
    for (const entry of entries) expect(entry).toMatch(/127\.0\.0\.1|::1/);
    for (const entry of entries) expect(entry).toContain('Nuage');
    const stranger = await visit(hub, hub.community);
    const other = await stranger.browser.open(at('/account/sessions'));
    expect(other.text).not.toContain(member.username);
    expect(other.document.querySelectorAll('.entries > li')).toHaveLength(1);
  });

  it('signs out there: the session, its tokens and its app end, and nothing here', async () => {
    const { member, computer, phone } = await twoDevices();
    const page = await end(computer.browser);
    expect(page.text).toContain('Cet appareil est déconnecté');
    expect([await isSignedIn(phone), await isServed(phone)]).toEqual([false, false]);
    expect((await phone.app.refresh(phone.tokens.refresh_token ?? '')).status).toBe(400);
    expect([await isSignedIn(computer), await isServed(computer)]).toEqual([true, true]);
    expect(await logouts(member)).toHaveLength(1);
    expect(await eventsOf(member)).toContain('session.ended');
  });

  it('signs out everywhere else at once, on another process within the second', async () => {
    const { member, computer, phone } = await twoDevices();
    const sibling = await hub.sibling();
    try {
      const page = await computer.browser.open(at('/account/sessions'));
      const answer = await computer.browser.submit(page, 'form[action$="end-others"]');
      expect(answer.text).toContain('Tous les autres appareils sont déconnectés');
      await sibling.app.settle();
      const there = await fetch(`${sibling.url}/c/${hub.community.slug}/oidc/me`, {
        headers: {
          authorization: `Bearer ${phone.tokens.access_token}`,
          'x-forwarded-for': '192.0.2.1',
          'x-forwarded-host': new URL(hub.url).host,
          'x-forwarded-proto': 'http',
        },
      });
      expect(there.status).toBe(401);
    } finally {
      await sibling.stop();
    }
    expect(await isSignedIn(phone)).toBe(false);
    expect([await isSignedIn(computer), await isServed(computer)]).toEqual([true, true]);
    expect(await logouts(member)).toHaveLength(1);
  });

  it('knows nothing of the session of somebody else, of another community or of nobody', async () => {
    const { computer, phone } = await twoDevices();
    const [row] = await hub.database.query<{ uid: string }>(
      'SELECT uid FROM sessions WHERE subject IS NOT NULL ORDER BY created_at DESC LIMIT 1',
    );
    const elsewhere = await buildCommunity(hub.database);
    const foreign = await visit(hub, elsewhere);
    const uids = await hub.database.query<{ uid: string }>(
      'SELECT uid FROM sessions WHERE community_id = $1',
      [elsewhere.id],
    );
    const { browser } = await visit(hub, hub.community);
    for (const uid of [row?.uid, uids[0]?.uid, '', 'x'.repeat(3000)]) {
      expect((await end(browser, { uid: uid as string })).status).toBe(404);
    }
    expect(await isSignedIn(phone)).toBe(true);
    expect(await isSignedIn(computer)).toBe(true);
    expect((await foreign.browser.open(foreign.at('/account'))).url).toBe(foreign.at('/account'));
  });

  it('ends a session once, however often it is asked to', async () => {
    const { computer, member } = await twoDevices();
    const page = await computer.browser.open(at('/account/sessions'));
    const uid = page.document.querySelector('input[name=uid]')?.getAttribute('value') as string;
    const both = await Promise.all([1, 2].map(() => end(computer.browser, { uid })));
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    expect(await logouts(member)).toHaveLength(1);
    expect((await eventsOf(member)).filter((type) => type === 'session.ended')).toHaveLength(1);
  });
});

async function eventsOf({ subject }: BuiltMember) {
  const rows = await hub.database.query<{ type: string }>(
    'SELECT type FROM events WHERE subject = $1',
    [subject],
  );
  return rows.map(({ type }) => type);
}
