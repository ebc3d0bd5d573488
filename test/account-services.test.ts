import { describe, expect, it } from 'vitest';
import type { ClientChange } from '../src/domain/services/service-change.ts';
import { createDisclosureNotes } from '../src/protocols/oidc/disclosure-notes.ts';
import { visit } from './support/account-visits.ts';
import type { Page } from './support/browser.ts';
import {
  type BuiltMember,
  type BuiltService,
  buildCommunity,
  buildGroup,
  buildService,
} from './support/factories.ts';
import { RelyingParty } from './support/relying-party.ts';
import { useHub } from './support/use-hub.ts';

const hub = useHub({ community: {} });

type Note = { claims: Record<string, unknown>; firstAt: Date; lastAt: Date };

async function noteOf(service: BuiltService, { subject }: BuiltMember) {
  const [note] = await hub.database.query<Note>(
    `SELECT claims, first_at AS "firstAt", last_at AS "lastAt" FROM disclosures
     WHERE service_id = $1 AND subject = $2`,
    [service.id, subject],
  );
  return note;
}

/** What the page says that a service was given. */
function receivedOn(page: Page, { slug }: BuiltService, details = 0): Record<string, string> {
  const lists = page.document.querySelectorAll(`#service-${slug} details`);
  const rows = lists[details]?.querySelectorAll('dl > div') ?? [];
  return Object.fromEntries(
    rows.map((row) => [
      row.querySelector('dt')?.text.trim() as string,
      row.querySelector('dd')?.text.trim() as string,
    ]),
  );
}

async function open(client: ClientChange = {}, scope = 'openid email') {
  const service = await hub.newService({}, client);
  const visitor = await visit(hub, hub.community);
  const app = new RelyingParty(hub.url, hub.community, service);
  const tokens = await app.tokens(
    await app.signIn(visitor.browser, visitor.member.username, { scope }),
  );
  return { ...visitor, service, app, tokens };
}

describe('what a service was given', () => {
  it('is noted as it was given, no more and no less, and shown to the member', async () => {
    const { member, browser, at, service, app, tokens } = await open();
    const { sub, email, email_verified } = await app.idToken(tokens);
    expect((await noteOf(service, member))?.claims).toEqual({ sub, email, email_verified });
    const page = await browser.open(at('/account/services'));
    expect(receivedOn(page, service)).toEqual({
      'Identifiant technique, propre à cette communauté': member.subject,
      'Adresse e-mail': member.email,
      'Adresse e-mail vérifiée': 'oui',
    });
  });

  it('is what a request asked for by name, too, and not what its scopes would have given', async () => {
    const service = await hub.newService();
    const { member, browser } = await visit(hub, hub.community);
    const app = new RelyingParty(hub.url, hub.community, service);
    const claims = JSON.stringify({ id_token: { email: null } });
    const asked = await app.signIn(browser, member.username, { scope: 'openid', claims });
    await app.tokens(asked);
    expect((await noteOf(service, member))?.claims).toEqual({
      sub: member.subject,
      email: member.email,
    });
  });

  it('is what went by userinfo, too', async () => {
    const { member, service, app, tokens } = await open(
      { claimsIn: 'userinfo', scopes: ['openid', 'profile', 'email'] },
      'openid profile',
    );
    expect(Object.keys((await noteOf(service, member))?.claims ?? {})).toEqual(['sub']);
    const answer = await app.userinfo(tokens.access_token);
    const given = (await answer.json()) as Record<string, unknown>;
    expect((await noteOf(service, member))?.claims).toEqual(given);
    expect(given.name).toBe(`Prénom ${member.username}`);
  });

  it('is written when it changes, and not with each of an app’s requests', async () => {
    const { member, service, app, tokens } = await open({}, 'openid profile');
    const before = await noteOf(service, member);
    for (let turn = 0; turn < 5; turn += 1) await app.userinfo(tokens.access_token);
    expect(await noteOf(service, member)).toEqual(before);
    await hub.database.query('UPDATE memberships SET nickname = $2 WHERE subject = $1', [
      member.subject,
      'Zou',
    ]);
    await hub.app.settle();
    await app.userinfo(tokens.access_token);
    const after = await noteOf(service, member);
    expect(after?.claims.nickname).toBe('Zou');
    expect(after?.firstAt).toEqual(before?.firstAt);
    expect(after?.lastAt.getTime()).toBeGreaterThan(before?.lastAt.getTime() as number);
  });

  it('is written again after an hour, though nothing changed', async () => {
    const notes = createDisclosureNotes(50);
    const given = { serviceId: 's', subject: 'm', claims: { name: 'Zoé' } };
    notes.keep('c', given);
    expect(notes.isKnown('c', given)).toBe(true);
    expect(notes.isKnown('c', { ...given, claims: { name: 'Zoé', email: 'z@x' } })).toBe(false);
    expect(notes.isKnown('d', given)).toBe(false);
    await expect.poll(() => notes.isKnown('c', given)).toBe(false);
  });

  it('is nothing of what the member was merely shown and refused', async () => {
    const service = await hub.newService({ trust: 'third-party' });
    const { member, browser } = await visit(hub, hub.community);
    const app = new RelyingParty(hub.url, hub.community, service);
    const page = await browser.open(app.authorizationUrl());
    await browser.submit(page, '#consent-form', {}, '#consent-deny');
    expect(await noteOf(service, member)).toBeUndefined();
  });
});

describe('the page of services', () => {
  it('says what a service may read of the directory by itself', async () => {
    const service = await hub.newService({ reader: 'a hash' });
    const { member, browser, at } = await visit(hub, hub.community);
    await buildGroup(hub.database, hub.community.id, 'jardin', [member.subject]);
    await hub.app.settle();
    const page = await browser.open(at('/account/services'));
    expect(receivedOn(page, service)).toMatchObject({
      Identifiant: member.username,
      'Adresse e-mail': member.email,
      Groupes: 'jardin',
    });
  });

  it('shows a request that waits, and nothing of services that are closed to the member', async () => {
    const asked = await hub.newService({ access: 'approval' });
    const group = await buildGroup(hub.database, hub.community.id);
    const closed = await hub.newService({ access: { groups: [group.id] } });
    const { browser, at } = await visit(hub, hub.community);
    await browser.submit(await browser.open(at('')), `form[action$="${asked.slug}/request"]`);
    const page = await browser.open(at('/account/services'));
    expect(page.document.getElementById(`service-${asked.slug}`)?.text).toContain(
      'demande en attente',
    );
    expect(page.document.getElementById(`service-${closed.slug}`)).toBeNull();
  });

  it('takes an agreement back: the tokens end, and the app has to ask again', async () => {
    const { member, browser, at, service, app, tokens } = await open({
      backchannelLogoutUri: 'https://app.example/logout',
      grants: ['authorization_code', 'refresh_token'],
    });
    const page = await browser.open(at('/account/services'));
    const done = await browser.submit(page, `form[action$="${service.slug}/withdraw"]`);
    expect(done.url).toBe(at('/account/services?notice=withdrawn'));
    expect((await app.userinfo(tokens.access_token)).status).toBe(401);
    const again = await browser.open(app.authorizationUrl({ scope: 'openid email' }));
    expect(again.document.querySelector('#consent-form')).not.toBeNull();
    const events = await hub.database.query(
      `SELECT 1 FROM events WHERE subject = $1 AND type = 'consent.withdrawn' AND service_id = $2`,
      [member.subject, service.id],
    );
    expect(events).toHaveLength(1);
    // What it was given it has: that stays told.
    expect(receivedOn(done, service)).toHaveProperty('Adresse e-mail');
  });

  it('answers 404 for a service of another community', async () => {
    const elsewhere = await buildCommunity(hub.database);
    const foreign = await buildService(hub, elsewhere);
    const { browser, at, service } = await open();
    const page = await browser.open(at('/account/services'));
    const csrf = page.document.querySelector('input[name=csrf]')?.getAttribute('value') as string;
    const post = (slug: string) =>
      browser.open(at(`/account/services/${slug}/withdraw`), {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', origin: hub.url },
        body: new URLSearchParams({ csrf }).toString(),
      });
    expect((await post(foreign.slug)).status).toBe(404);
    expect((await post(service.slug)).status).toBe(200);
  });
});
