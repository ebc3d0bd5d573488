import { describe, expect, it } from 'vitest';
import { Browser } from './support/browser.ts';
import { buildCommunity, buildMember, buildService, PASSWORD } from './support/factories.ts';
import { startHub } from './support/hub.ts';
import { RelyingParty, type Tokens } from './support/relying-party.ts';
import { useHub } from './support/use-hub.ts';

const hub = useHub({ community: {} });

function newBrowser(): Browser {
  return new Browser({ stopAt: (url) => url.hostname.endsWith('.example') });
}

async function relyingParty(values = {}, client = {}): Promise<RelyingParty> {
  return hub.newClient(client, values);
}

describe('signing in to an app', () => {
  it('gives the app a code, then tokens that say who the member is', async () => {
    const member = await hub.newMember();
    const app = await relyingParty();
    const answer = await app.signIn(newBrowser(), member.username);
    expect(answer.get('state')).toBe('the-state');
    expect(answer.get('iss')).toBe(app.issuer);

    const tokens = await app.tokens(answer);
    const idToken = await app.idToken(tokens);
    expect(idToken).toMatchObject({
      sub: member.subject,
      nonce: 'the-nonce',
      preferred_username: member.username,
      email: member.email,
      email_verified: true,
      amr: ['pwd'],
    });
    const userinfo = await app.userinfo(tokens.access_token);
    expect(await userinfo.json()).toMatchObject({
      sub: member.subject,
      name: `Prénom ${member.username}`,
    });
  });

  it('asks for the password once: a second app lets the member in without a sign-in page', async () => {
    const member = await hub.newMember();
    const browser = newBrowser();
    const first = await relyingParty();
    await first.tokens(await first.signIn(browser, member.username));
    const second = await relyingParty();
    const page = await browser.open(second.authorizationUrl());
    expect(page.document.querySelector('#login-form')).toBeNull();
    expect(page.document.querySelector('#consent-form')).not.toBeNull();
    const back = await browser.submit(page, '#consent-form', {}, '#consent-allow');
    expect((await second.idToken(await second.tokens(second.answer(back)))).sub).toBe(
      member.subject,
    );
    const again = await browser.open(second.authorizationUrl());
    expect(second.isBack(again)).toBe(true);
  });

  it('rotates refresh tokens, and ends the whole family when one is used twice', async () => {
    const member = await hub.newMember();
    const app = await relyingParty();
    const tokens = await app.tokens(await app.signIn(newBrowser(), member.username));
    const first = tokens.refresh_token as string;
    const refreshed = await app.refresh(first);
    expect(refreshed.status).toBe(200);
    const second = ((await refreshed.json()) as Tokens).refresh_token as string;
    expect(second).not.toBe(first);
    expect((await app.refresh(first)).status).toBe(400);
    expect((await app.refresh(second)).status).toBe(400);
    expect((await app.userinfo(tokens.access_token)).status).toBe(401);
  });

  it('redeems a code once, even when two requests bring it at the same instant', async () => {
    const member = await hub.newMember();
    const app = await relyingParty();
    const code = (await app.signIn(newBrowser(), member.username)).get('code') as string;
    const responses = await Promise.all(Array.from({ length: 6 }, () => app.redeem(code)));
    const statuses = responses.map((response) => response.status).sort();
    expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(1);
    expect(statuses.filter((status) => status === 400).length).toBeGreaterThanOrEqual(5);
  });
});

describe('signing out', () => {
  it('asks first, ends the session, tells the other apps, and is on the audit trail', async () => {
    const member = await hub.newMember();
    const browser = newBrowser();
    const client = { backchannelLogoutUri: 'https://app.example/logout' };
    const first = await relyingParty(
      {},
      { ...client, postLogoutRedirectUris: ['https://after.example/'] },
    );
    const second = await relyingParty({}, client);
    const tokens = await first.tokens(await first.signIn(browser, member.username));
    await second.tokens(await second.signIn(browser, member.username));

    const end = new URL(`${first.issuer}/oidc/session/end`);
    end.searchParams.set('id_token_hint', tokens.id_token);
    end.searchParams.set('post_logout_redirect_uri', 'https://after.example/');
    end.searchParams.set('state', 'bye');
    const question = await browser.open(end.href);
    const done = await browser.submit(question, '#logout-form', {}, '#logout-confirm');
    expect(done.url).toBe('https://after.example/?state=bye');

    expect((await first.refresh(tokens.refresh_token as string)).status).toBe(400);
    const page = await browser.open(second.authorizationUrl());
    expect(page.document.querySelector('#login-form')).not.toBeNull();
    const told = await hub.database.query<{ client: string }>(
      `SELECT payload ->> 'clientId' AS client FROM outbox WHERE kind = 'backchannel-logout' AND payload ->> 'subject' = $1 ORDER BY 1`,
      [member.subject],
    );
    // The app that asked knows.
    expect(told.map((row) => row.client)).toEqual([second.service.clientId]);
    const events = await hub.database.query<{ type: string }>(
      'SELECT type FROM events WHERE community_id = $1 AND subject = $2 ORDER BY id',
      [hub.community.id, member.subject],
    );
    expect(events.map((event) => event.type)).toEqual([
      'member.created',
      'member.signed-in',
      'consent.given',
      'consent.given',
      'member.signed-out',
    ]);
  });

  it('ends every session of the member from the home page, on all devices', async () => {
    const member = await hub.newMember();
    const app = await relyingParty();
    const [laptop, phone] = [newBrowser(), newBrowser()];
    const tokens = await app.tokens(await app.signIn(phone, member.username));
    await app.signIn(laptop, member.username);
    const home = await laptop.open(app.issuer);
    expect(home.document.querySelector(`#service-${app.service.slug}`)?.getAttribute('href')).toBe(
      `https://${app.service.slug}.example/`,
    );
    const after = await laptop.submit(home, 'form[action$="/sign-out-everywhere"]');
    expect(after.document.querySelector('#login-form')).not.toBeNull();
    expect((await app.userinfo(tokens.access_token)).status).toBe(401);
    const page = await phone.open(app.authorizationUrl());
    expect(page.document.querySelector('#login-form')).not.toBeNull();
  });
});

describe('what a service may have', () => {
  it('counts at once when it becomes less, and when it becomes more', async () => {
    const member = await hub.newMember();
    const browser = newBrowser();
    const app = await relyingParty();
    const tokens = await app.tokens(await app.signIn(browser, member.username));
    const setScopes = async (scopes: string) => {
      await hub.database.query('UPDATE service_clients SET scopes = $2 WHERE service_id = $1', [
        app.service.id,
        scopes,
      ]);
      await hub.app.settle();
    };
    await setScopes('{openid}');
    expect(await (await app.userinfo(tokens.access_token)).json()).toEqual({ sub: member.subject });
    const less = await app.idToken(await app.tokens(await app.signIn(browser, member.username)));
    expect(less.email).toBeUndefined();
    expect(less.name).toBeUndefined();
    await setScopes('{openid,profile,email}');
    const more = await app.idToken(await app.tokens(await app.signIn(browser, member.username)));
    expect(more.email).toBe(member.email);
  });

  it('is asked again of a third party, when its member was only told of it before', async () => {
    const member = await hub.newMember();
    const app = await relyingParty();
    await app.tokens(await app.signIn(newBrowser(), member.username));
    await hub.database.query(`UPDATE services SET trust = 'third-party' WHERE id = $1`, [
      app.service.id,
    ]);
    await hub.app.settle();
    const browser = newBrowser();
    const page = await browser.open(app.authorizationUrl());
    const next = await browser.submit(page, '#login-form', {
      username: member.username,
      password: PASSWORD,
    });
    expect(next.document.querySelector('#consent-form')).not.toBeNull();
  });
});

describe('one connection to the database', () => {
  it('serves statements of every shape, one after the other', async () => {
    const single = await startHub();
    try {
      const lieu = await buildCommunity(single.database);
      const member = await buildMember(single.database, lieu.id);
      const grants = ['authorization_code', 'refresh_token', 'client_credentials'];
      const service = await buildService(single, lieu, { trust: 'third-party' }, { grants });
      const app = new RelyingParty(single.url, lieu, service);
      for (let round = 0; round < 12; round += 1) {
        const browser = newBrowser();
        const login = await browser.open(app.authorizationUrl());
        const consent = await browser.submit(login, '#login-form', {
          username: member.username,
          password: PASSWORD,
        });
        const back = await browser.submit(consent, '#consent-form', {}, '#consent-deny');
        expect(app.answer(back).get('error')).toBe('access_denied');
        const machine = (await (
          await app.post('/oidc/token', { grant_type: 'client_credentials' })
        ).json()) as Tokens;
        expect(
          (await app.post('/oidc/token/revocation', { token: machine.access_token })).status,
        ).toBe(200);
        const left = await app.post('/oidc/token/introspection', { token: machine.access_token });
        expect(await left.json()).toEqual({ active: false });
      }
    } finally {
      await single.stop();
    }
  });
});

describe('a community that is not active', () => {
  it('gives no tokens, not even to machines, and says so to members', async () => {
    const paused = await buildCommunity(hub.database);
    const service = await buildService(
      hub,
      paused,
      {},
      { grants: ['client_credentials', 'authorization_code'] },
    );
    const app = new RelyingParty(hub.url, paused, service);
    await hub.database.query(`UPDATE communities SET state = 'frozen' WHERE id = $1`, [paused.id]);
    await hub.app.settle();
    const refused = await app.post('/oidc/token', { grant_type: 'client_credentials' });
    expect([refused.status, await refused.json()]).toMatchObject([
      503,
      { error: 'temporarily_unavailable' },
    ]);
    const page = await newBrowser().open(app.authorizationUrl());
    expect([page.status, page.document.querySelector('h1') !== null]).toEqual([503, true]);
  });
});
