import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Authenticator } from './support/authenticator.ts';
import { Browser } from './support/browser.ts';
import { csrfOf, enrol, isSignedIn, post, question, signInsOf } from './support/passkey-visits.ts';
import { useHub } from './support/use-hub.ts';

// That the same answer leads where it led is walked in test/twice; here, what it must not do.

const hub = useHub({ env: { TROUSSEAU_ROLES: 'web' }, community: {} });
beforeEach(async () => {
  await hub.database.query('DELETE FROM throttles');
});

/** A browser that is about to sign in by a passkey alone, and its answer. */
async function answered(authenticator = new Authenticator(hub.url)) {
  const { subject, username } = await hub.newMember();
  await enrol(hub.issuer, username, authenticator);
  const browser = new Browser();
  const page = await browser.open(`${hub.issuer}/login?return_to=/account/sessions`);
  const { options } = await question(browser, page);
  const fields = { csrf: csrfOf(page), response: authenticator.signIn(options) };
  const send = (by = browser, more = {}, signal?: AbortSignal) => {
    const sent = { ...fields, return_to: '/account/sessions', ...more };
    return post(by, `${hub.issuer}/login/passkey`, sent, signal);
  };
  return { subject, browser, send };
}

/** The same, once it has signed in. */
async function signedIn(authenticator?: Authenticator) {
  const { send, ...rest } = await answered(authenticator);
  const first = await send();
  expect(first.headers.get('location')).toMatch(/\/account\/sessions$/);
  return { send, ...rest };
}

/** Wrong answers that are counted here. */
async function counted(): Promise<number> {
  const [row] = await hub.database.query<{ points: number }>(
    'SELECT coalesce(sum(points), 0)::int AS points FROM throttles',
  );
  return row?.points as number;
}
const forgetSteps = () =>
  hub.database.query('DELETE FROM done_steps WHERE community_id = $1', [hub.community.id]);
const soon = { timeout: 10_000, interval: 10 };

async function eventsOf(subject: string, type: string): Promise<number> {
  const events = await hub.database.query('SELECT 1 FROM events WHERE subject = $1 AND type = $2', [
    subject,
    type,
  ]);
  return events.length;
}

const isIn = (browser: Browser) => isSignedIn(hub.issuer, browser);
const rows = (subject: string) => signInsOf(hub.database, subject);

describe("a passkey's answer that was taken, sent again", () => {
  it('leads where it led, wherever its form says now, and gives the cookie that was lost', async () => {
    const { subject, browser, send } = await signedIn();
    const before = await rows(subject);
    const cookies = await browser.jar.getCookies(hub.issuer);
    for (const { key } of cookies.filter(({ key: name }) => name.includes('session')))
      await browser.jar.store.removeCookie('localhost', `/c/${hub.community.slug}`, key);
    expect(await isIn(browser)).toBe(false);
    const again = await send(browser, { return_to: '/account/passkeys' });
    expect([again.status, again.headers.get('location')]).toEqual([
      303,
      `/c/${hub.community.slug}/account/sessions`,
    ]);
    expect(await isIn(browser)).toBe(true);
    expect(await rows(subject)).toEqual(before);
  });

  it('opens nothing once its session is over', async () => {
    const { browser, send } = await signedIn();
    const out = await browser.open(`${hub.issuer}/oidc/session/end`);
    await browser.submit(out, '#logout-form', {}, '#logout-confirm');
    expect(await isIn(browser)).toBe(false);
    expect((await send()).status).toBe(400);
    expect(await isIn(browser)).toBe(false);
  });

  it('opens nothing for a browser that is not the one which was asked', async () => {
    const { subject, send } = await signedIn();
    const before = await rows(subject);
    const thief = new Browser();
    const csrf = csrfOf(await thief.open(`${hub.issuer}/login`));
    expect((await send(thief, { csrf })).status).toBe(400);
    expect((await send(thief)).status).toBe(403);
    expect(await isIn(thief)).toBe(false);
    expect(await rows(subject)).toEqual(before);
  });

  it('opens nothing where nothing is known of what it did', async () => {
    const { subject, send } = await signedIn();
    const before = await rows(subject);
    await forgetSteps();
    expect((await send()).status).toBe(400);
    expect(await rows(subject)).toEqual(before);
  });

  it('counts for no authenticator that counts on', async () => {
    const { subject, send } = await signedIn(new Authenticator(hub.url, { counts: true }));
    const before = await rows(subject);
    expect((await send()).status).toBe(303);
    expect(await rows(subject)).toEqual(before);
  });
  it('of a member who is suspended tells them so each time, and is noted once', async () => {
    const { subject, send } = await answered();
    await hub.database.query(`UPDATE memberships SET status = 'suspended' WHERE subject = $1`, [
      subject,
    ]);
    await hub.app.settle();
    for (let round = 0; round < 4; round += 1) {
      const answer = await send();
      expect([answer.status, await answer.text()]).toEqual([
        403,
        expect.stringContaining('Votre compte est suspendu'),
      ]);
    }
    expect(await eventsOf(subject, 'sign-in.refused')).toBe(1);
  });
  it('is no wrong passkey, however often it comes', async () => {
    const { send } = await signedIn();
    for (let round = 0; round < 3; round += 1) expect((await send()).status).toBe(303);
    expect(await counted()).toBe(0);
  });

  it('nor is it while the first is still at work', async () => {
    const { send } = await answered();
    const both = await hub.database.transaction(async (tx) => {
      // The note of the first waits for this lock, as it would for a slow disk.
      await tx.query('LOCK TABLE done_steps IN SHARE MODE');
      const sent = [send(), send()];
      await vi.waitFor(async () => expect(await counted()).toBeGreaterThan(0), soon);
      return sent;
    });
    expect((await Promise.all(both)).map(({ status }) => status)).toEqual([303, 303]);
    expect(await counted()).toBe(0);
  });

  it('keeps nothing waiting once there were too many, nor when whoever sent it is gone', async () => {
    const { subject, browser, send } = await signedIn();
    await forgetSteps();
    const left = new AbortController();
    const { signal } = left;
    const gone = send(browser, {}, signal).catch((error: Error) => error.name);
    await vi.waitFor(async () => expect(await counted()).toBeGreaterThan(0), soon);
    let since = performance.now();
    left.abort();
    expect(await gone).toBe('AbortError');
    await vi.waitFor(async () => expect(await eventsOf(subject, 'sign-in.failed')).toBe(1), soon);
    // It would wait for three seconds.
    expect(performance.now() - since).toBeLessThan(2_000);

    const wrong = { response: 'none' };
    while ((await send(browser, wrong)).status !== 429);
    since = performance.now();
    expect((await send()).status).toBe(429);
    expect(performance.now() - since).toBeLessThan(2_000);
  });
});
