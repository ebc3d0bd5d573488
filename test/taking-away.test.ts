import { describe, expect, it } from 'vitest';
import { endMemberSessions } from '../src/domain/sessions/end-sessions.ts';
import { recordEvents } from '../src/platform/events/record-event.ts';
import { Browser } from './support/browser.ts';
import { buildGroup, PASSWORD } from './support/factories.ts';
import type { RelyingParty } from './support/relying-party.ts';
import { useHub } from './support/use-hub.ts';

const hub = useHub({ community: {} });

function newBrowser(): Browser {
  return new Browser({ stopAt: (url) => url.hostname.endsWith('.example') });
}

async function relyingParty(values = {}, client = {}): Promise<RelyingParty> {
  return hub.newClient(client, values);
}

async function signedIn(app: RelyingParty) {
  const member = await hub.newMember();
  const browser = newBrowser();
  const tokens = await app.tokens(await app.signIn(browser, member.username));
  return { member, browser, tokens };
}

describe('taking away', () => {
  it('lets a suspended member do nothing more: no userinfo, no refresh, no single sign-on', async () => {
    const app = await relyingParty();
    const { member, browser, tokens } = await signedIn(app);
    await hub.database.transaction(async (tx) => {
      await tx.query(
        `UPDATE memberships SET status = 'suspended' WHERE community_id = $1 AND subject = $2`,
        [hub.community.id, member.subject],
      );
      await endMemberSessions(tx, hub.community.id, [member.subject]);
      await recordEvents(tx, []);
    });
    await hub.app.settle();
    expect((await app.userinfo(tokens.access_token)).status).toBe(401);
    expect((await app.refresh(tokens.refresh_token as string)).status).toBe(400);
    const page = await browser.open(app.authorizationUrl());
    expect(page.document.querySelector('#login-form')).not.toBeNull();
    const refused = await browser.submit(page, '#login-form', {
      username: member.username,
      password: PASSWORD,
    });
    expect(refused.status).toBe(403);
  });

  it('keeps a status change alone, made by psql say, from being outlived by a token', async () => {
    const app = await relyingParty();
    const { member, browser, tokens } = await signedIn(app);
    await hub.database.query(`UPDATE memberships SET status = 'suspended' WHERE subject = $1`, [
      member.subject,
    ]);
    await hub.app.settle();
    expect((await app.userinfo(tokens.access_token)).status).toBe(401);
    expect((await app.refresh(tokens.refresh_token as string)).status).toBe(400);
    expect(app.isBack(await browser.open(app.authorizationUrl()))).toBe(false);
  });

  it('stops refreshing when the member leaves the group that the service asks for', async () => {
    const member = await hub.newMember();
    const group = await buildGroup(hub.database, hub.community.id, undefined, [member.subject]);
    const app = await relyingParty({ access: { groups: [group.id] } });
    const browser = newBrowser();
    const tokens = await app.tokens(await app.signIn(browser, member.username));
    await hub.database.query('DELETE FROM group_members WHERE community_id = $1 AND subject = $2', [
      hub.community.id,
      member.subject,
    ]);
    await hub.app.settle();
    expect((await app.refresh(tokens.refresh_token as string)).status).toBe(400);
    expect((await app.userinfo(tokens.access_token)).status).toBe(401);
    const page = await browser.open(app.authorizationUrl());
    expect(page.status).toBe(403);
    expect(page.text).toContain(group.name);
  });

  it('does not let a sign-in that was under way outlive a changed password', async () => {
    const app = await relyingParty();
    const member = await hub.newMember();
    const browser = newBrowser();
    const page = await browser.open(app.authorizationUrl());
    // The answer is given, the app's request has not gone on yet.
    const stopped = new Browser({ stopAt: (url) => url.pathname.includes('/oidc/auth/') });
    for (const cookie of await browser.jar.getCookies(page.url, { allPaths: true })) {
      await stopped.jar.setCookie(cookie, page.url);
    }
    const resume = await stopped.submit(page, '#login-form', {
      username: member.username,
      password: PASSWORD,
    });
    expect(resume.url).toContain('/oidc/auth/');
    await hub.database.transaction(async (tx) => {
      await tx.query(`UPDATE persons SET password_hash = 'changed' WHERE id = $1`, [
        member.personId,
      ]);
      await endMemberSessions(tx, hub.community.id, [member.subject]);
    });
    await hub.app.settle();
    const goneOn = new Browser({ stopAt: (url) => url.hostname.endsWith('.example') });
    for (const cookie of await stopped.jar.getCookies(resume.url, { allPaths: true })) {
      await goneOn.jar.setCookie(cookie, resume.url);
    }
    const end = await goneOn.open(resume.url);
    expect(app.isBack(end)).toBe(false);
    expect(end.status).toBe(400);
  });

  it('queues a logout for each app of a session that is ended', async () => {
    const app = await relyingParty({}, { backchannelLogoutUri: 'https://app.example/logout' });
    const { member } = await signedIn(app);
    await hub.database.transaction((tx) =>
      endMemberSessions(tx, hub.community.id, [member.subject]),
    );
    const messages = await hub.database.query(
      `SELECT kind, payload FROM outbox WHERE kind = 'backchannel-logout' AND payload ->> 'subject' = $1`,
      [member.subject],
    );
    expect(messages).toEqual([
      {
        kind: 'backchannel-logout',
        payload: {
          issuer: app.issuer,
          clientId: app.service.clientId,
          subject: member.subject,
          sid: expect.any(String),
        },
      },
    ]);
  });
});

describe('two processes on one database', () => {
  it('both refuse a member within a second of a suspension that one of them never heard of otherwise', async () => {
    const twin = await hub.sibling();
    try {
      const app = await relyingParty();
      const { member, tokens } = await signedIn(app);
      const ask = (base: string) =>
        fetch(`${app.issuer}/oidc/me`.replace(hub.url, base), {
          headers: {
            authorization: `Bearer ${tokens.access_token}`,
            'x-forwarded-host': new URL(hub.url).host,
          },
        }).then((response) => response.status);
      const both = () => Promise.all([ask(hub.url), ask(twin.url)]);
      await twin.app.settle();
      // Asked twice, so that both have it in memory.
      expect([await both(), await both()]).toEqual([
        [200, 200],
        [200, 200],
      ]);
      await hub.database.query(`UPDATE memberships SET status = 'suspended' WHERE subject = $1`, [
        member.subject,
      ]);
      await expect.poll(both, { timeout: 1_000, interval: 10 }).toEqual([401, 401]);
    } finally {
      await twin.stop();
    }
  });

  it('serve one browser alternately, from sign-in to userinfo', async () => {
    const twin = await hub.sibling();
    try {
      const member = await hub.newMember();
      const app = await relyingParty();
      await twin.app.settle();
      const ports = [hub.url, twin.url];
      let turn = 0;
      const browser = newBrowser();
      const send = browser.send.bind(browser);
      // What a proxy in front of both does: each request goes to the other one.
      browser.send = async (url, init = {}) => {
        const target = ports[turn++ % 2] as string;
        if (!url.startsWith(hub.url) || target === hub.url) return send(url, init);
        const cookie = await browser.jar.getCookieString(url);
        const response = await fetch(url.replace(hub.url, target), {
          redirect: 'manual',
          ...init,
          headers: {
            ...browser.headers,
            ...(cookie === '' ? {} : { cookie }),
            ...(init.headers as Record<string, string>),
            'x-forwarded-host': new URL(hub.url).host,
          },
        });
        for (const value of response.headers.getSetCookie()) {
          await browser.jar.setCookie(value, url, { ignoreError: true });
        }
        return response;
      };
      const tokens = await app.tokens(await app.signIn(browser, member.username));
      const viaTwin = await fetch(`${app.issuer}/oidc/me`.replace(hub.url, twin.url), {
        headers: {
          authorization: `Bearer ${tokens.access_token}`,
          'x-forwarded-host': new URL(hub.url).host,
        },
      });
      expect(viaTwin.status).toBe(200);
      expect(turn).toBeGreaterThan(4);
    } finally {
      await twin.stop();
    }
  });

  it('both know within a second that a service is gone', async () => {
    const twin = await hub.sibling();
    try {
      const app = await relyingParty();
      const ask = (base: string) =>
        fetch(app.authorizationUrl().replace(hub.url, base), {
          redirect: 'manual',
          headers: { 'x-forwarded-host': new URL(hub.url).host, accept: 'text/html' },
        }).then((response) => response.status);
      expect(await Promise.all([ask(hub.url), ask(twin.url)])).toEqual([303, 303]);
      await hub.database.query('DELETE FROM services WHERE community_id = $1 AND id = $2', [
        hub.community.id,
        app.service.id,
      ]);
      await expect
        .poll(async () => Promise.all([ask(hub.url), ask(twin.url)]), { timeout: 1_000 })
        .toEqual([400, 400]);
    } finally {
      await twin.stop();
    }
  });
});
