import { parse } from 'node-html-parser';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Authenticator } from './support/authenticator.ts';
import { buildElsewhere } from './support/belongings.ts';
import { Browser } from './support/browser.ts';
import { PASSWORD } from './support/factories.ts';
import type { TestHub } from './support/hub.ts';
import {
  csrfOf,
  enrol,
  post,
  type Question,
  question,
  signIn,
  typePassword,
} from './support/passkey-visits.ts';
import { useHub } from './support/use-hub.ts';

const hub = useHub({ community: {}, neighbour: {} });
let twin: TestHub;
beforeAll(async () => {
  twin = await hub.sibling();
});
beforeEach(async () => {
  await hub.database.query('DELETE FROM throttles');
});
afterAll(() => twin.stop());

async function memberWithPasskey(authenticator = new Authenticator(hub.url)) {
  const member = await hub.newMember();
  const { browser } = await enrol(hub.issuer, member.username, authenticator);
  return { member, authenticator, browser };
}

/** A sign-in page in a fresh browser, with its question. */
async function signInPage(at = hub.issuer) {
  const browser = new Browser();
  const page = await browser.open(`${at}/login`);
  const { options } = await question(browser, page);
  const send = (response: string, to = at) =>
    post(browser, `${to}/login/passkey`, { csrf: csrfOf(page), response });
  return { browser, page, options, send };
}

async function sessionsOf(subject: string): Promise<number> {
  const [row] = await hub.database.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM sessions WHERE subject = $1',
    [subject],
  );
  return row?.count ?? 0;
}

describe('a challenge', () => {
  it('is answered once', async () => {
    const { authenticator, member } = await memberWithPasskey();
    const { options, send } = await signInPage();
    const answer = authenticator.signIn(options);
    const before = await sessionsOf(member.subject);
    expect((await send(answer)).status).toBe(303);
    // By the browser that sent it: into the session that it opened.
    expect((await send(answer)).status).toBe(303);
    expect((await send(authenticator.signIn(options))).status).toBe(400);
    expect(await sessionsOf(member.subject)).toBe(before + 1);
  });

  it('opens one session by two processes that are asked at once', async () => {
    const { member, authenticator } = await memberWithPasskey();
    const before = await sessionsOf(member.subject);
    for (let round = 0; round < 5; round += 1) {
      const { browser, page, options } = await signInPage();
      const fields = { csrf: csrfOf(page), response: authenticator.signIn(options) };
      const cookie = await browser.jar.getCookieString(hub.issuer);
      const answers = await Promise.all(
        [hub, twin].map(({ url }) =>
          fetch(`${url}/c/${hub.community.slug}/login/passkey`, {
            method: 'POST',
            redirect: 'manual',
            headers: { cookie, 'x-forwarded-host': new URL(hub.url).host, accept: 'text/html' },
            body: new URLSearchParams(fields),
          }),
        ),
      );
      expect(answers.map(({ status }) => status)).toEqual([303, 303]);
    }
    expect(await sessionsOf(member.subject)).toBe(before + 5);
  });

  it('counts in the browser that it was given to, and in no other', async () => {
    const { authenticator } = await memberWithPasskey();
    const [given, other] = [await signInPage(), await signInPage()];
    expect((await other.send(authenticator.signIn(given.options))).status).toBe(400);
    expect((await given.send(authenticator.signIn(given.options))).status).toBe(303);
  });

  it('is one of ours, with all of its parts', async () => {
    const { authenticator } = await memberWithPasskey();
    const { options, send } = await signInPage();
    const bytes = Buffer.from(options.challenge, 'base64url');
    const changed = [0, 20, 40].map((at) => {
      const copy = Buffer.from(bytes);
      copy[at] = (copy[at] as number) ^ 1;
      return copy;
    });
    for (const forged of [...changed, bytes.subarray(0, -1), Buffer.alloc(56)]) {
      const asked = { ...options, challenge: forged.toString('base64url') };
      expect((await send(authenticator.signIn(asked))).status).toBe(400);
    }
  });

  it('for making a passkey signs nobody in, and the other way round', async () => {
    const { authenticator, browser } = await memberWithPasskey();
    const page = await browser.open(`${hub.issuer}/account/passkeys`);
    const registration = await question(browser, page);
    const asked = { ...registration.options, rpId: 'localhost' };
    const login = await browser.open(`${hub.issuer}/login?again=1&return_to=/account/passkeys`);
    const answer = await post(browser, `${hub.issuer}/login/passkey`, {
      csrf: csrfOf(login),
      response: authenticator.signIn(asked),
    });
    expect(answer.status).toBe(400);

    const { options } = await question(browser, login);
    const made = new Authenticator(hub.url).register({ ...options, rp: { id: 'localhost' } });
    const added = await post(browser, `${hub.issuer}/account/passkeys`, {
      csrf: csrfOf(page),
      name: '',
      response: made,
    });
    expect(added.status).toBe(400);
  });

  it('of one community signs nobody in to another', async () => {
    const { authenticator, member } = await memberWithPasskey();
    await buildElsewhere(hub.database, hub.neighbour.id, member);
    const here = await signInPage();
    const there = await signInPage(`${hub.url}/c/${hub.neighbour.slug}`);
    expect((await there.send(authenticator.signIn(here.options))).status).toBe(400);
    expect((await there.send(authenticator.signIn(there.options))).status).toBe(303);
  });
});

describe('a passkey', () => {
  it('opens no community that its owner does not belong to', async () => {
    const { authenticator } = await memberWithPasskey();
    const { response } = await signIn(`${hub.url}/c/${hub.neighbour.slug}`, authenticator);
    expect(response.status).toBe(400);
  });

  it.each([
    ['suspended', 'Votre compte est suspendu'],
    ['left', 'Vous ne faites plus partie de cette communauté'],
    ['requested', 'Votre demande attend une réponse'],
  ])('does not let a %s member in, and says why', async (status, words) => {
    const { authenticator, member } = await memberWithPasskey();
    await hub.database.query('UPDATE memberships SET status = $2 WHERE subject = $1', [
      member.subject,
      status,
    ]);
    await hub.app.settle();
    const before = await sessionsOf(member.subject);
    const { response } = await signIn(hub.issuer, authenticator);
    expect(response.status).toBe(403);
    expect(parse(await response.text()).querySelector('h1')?.text).toBe(words);
    expect(await sessionsOf(member.subject)).toBe(before);
  });

  it('lets its owner say whether the account stays that is about to be deleted', async () => {
    const { authenticator, member } = await memberWithPasskey();
    await hub.database.query(
      `UPDATE memberships SET status = 'suspended', status_reason = 'deletion' WHERE subject = $1`,
      [member.subject],
    );
    await hub.app.settle();
    const before = await sessionsOf(member.subject);
    const { response } = await signIn(hub.issuer, authenticator);
    expect(response.headers.get('location')).toMatch(/\/login\/decision$/);
    expect(await sessionsOf(member.subject)).toBe(before);
  });

  it('that counts is refused when it counts back, or stands still, and goes on counting', async () => {
    const authenticator = new Authenticator(hub.url, { counts: true });
    await memberWithPasskey(authenticator);
    expect((await signIn(hub.issuer, authenticator, { counter: 7 })).response.status).toBe(303);
    expect((await signIn(hub.issuer, authenticator, { counter: 7 })).response.status).toBe(400);
    expect((await signIn(hub.issuer, authenticator, { counter: 3 })).response.status).toBe(400);
    expect((await signIn(hub.issuer, authenticator, { counter: 0 })).response.status).toBe(400);
    expect((await signIn(hub.issuer, authenticator, { counter: 8 })).response.status).toBe(303);
  });

  it('is not hindered by a flood of wrong ones from the same address', async () => {
    const { authenticator } = await memberWithPasskey();
    const { page, browser, options } = await signInPage();
    const stranger = new Authenticator(hub.url);
    const statuses: number[] = [];
    for (let round = 0; round < 14; round += 1) {
      const fields = { csrf: csrfOf(page), response: stranger.signIn(options) };
      statuses.push((await post(browser, `${hub.issuer}/login/passkey`, fields)).status);
    }
    expect(statuses).toContain(429);
    expect((await signIn(hub.issuer, authenticator)).response.status).toBe(303);
  });

  it('is asked for with the same words whoever it is that asks', async () => {
    const { options } = await signInPage();
    expect(options.allowCredentials).toEqual([]);
    expect(options.rpId).toBe('localhost');
  });
});

describe('a passkey as second factor', () => {
  async function afterPassword(username: string) {
    const browser = new Browser();
    const page = await typePassword(browser, hub.issuer, username);
    return { browser, page };
  }
  const submit = (browser: Browser, page: Awaited<ReturnType<Browser['open']>>, response: string) =>
    post(browser, `${hub.issuer}/login/second-factor`, {
      csrf: csrfOf(page),
      using: 'passkey',
      response,
    });

  it('needs no more than a touch, and says so', async () => {
    const { member, authenticator } = await memberWithPasskey();
    const { browser, page } = await afterPassword(member.username);
    const { options } = await question(browser, page);
    expect(options.allowCredentials.map(({ id }) => id)).toEqual([
      authenticator.credentialId.toString('base64url'),
    ]);
    const answer = authenticator.signIn(options, { userVerified: false, userHandle: undefined });
    expect((await submit(browser, page, answer)).status).toBe(303);
    const [session] = await hub.database.query<{ amr: string[] }>(
      `SELECT payload->'amr' AS amr FROM sessions WHERE subject = $1 ORDER BY created_at DESC LIMIT 1`,
      [member.subject],
    );
    expect(session?.amr).toEqual(['pwd', 'swk', 'mfa']);
  });

  it('is the member’s own, and answers this very sign-in', async () => {
    const [one, other] = [await memberWithPasskey(), await memberWithPasskey()];
    const mine = await afterPassword(one.member.username);
    const { options } = await question(mine.browser, mine.page);
    expect(
      (await submit(mine.browser, mine.page, other.authenticator.signIn(options))).status,
    ).toBe(400);
    const theirs = await afterPassword(one.member.username);
    const foreign: Question = await question(theirs.browser, theirs.page);
    const answer = one.authenticator.signIn(foreign.options);
    expect((await submit(mine.browser, mine.page, answer)).status).toBe(400);
    const login = await mine.browser.open(`${hub.issuer}/login`);
    const first = await question(mine.browser, login);
    expect(
      (await submit(mine.browser, mine.page, one.authenticator.signIn(first.options))).status,
    ).toBe(400);
    expect((await submit(mine.browser, mine.page, one.authenticator.signIn(options))).status).toBe(
      303,
    );
  });

  it('is named to nobody who has not typed the password', async () => {
    const { member } = await memberWithPasskey();
    const browser = new Browser();
    const page = await browser.open(`${hub.issuer}/login`);
    const wrong = { username: member.username, password: `${PASSWORD}!` };
    await browser.submit(page, '#login-form', wrong);
    const answer = await post(browser, `${hub.issuer}/login/second-factor/passkey/options`, {
      csrf: csrfOf(page),
    });
    expect(answer.status).toBe(400);
  });
});
