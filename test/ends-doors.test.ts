import { describe, expect, it } from 'vitest';
import type { ChangedMember } from '../src/domain/memberships/member-change.ts';
import { saveMembers } from '../src/domain/memberships/save-members.ts';
import { boundReader, ldapTo, useLieu } from './ldap/support/directory.ts';
import { dnsOf } from './ldap/support/ldap-client.ts';
import { visit } from './support/account-visits.ts';
import { Browser } from './support/browser.ts';
import { buildGroup, buildMember, buildService, PASSWORD } from './support/factories.ts';
import { RelyingParty } from './support/relying-party.ts';

/** No worker runs here: what is over opens nothing though nobody has ended it, nor announced anything. */
const { hub, lieu } = useLieu(
  { slug: 'lamyne', ldapPasswordBind: true },
  { env: { TROUSSEAU_ROLES: 'web,ldap' } },
);

/** Long enough to be used before; then time itself has to pass. */
const soon = () => new Date(Date.now() + 1_500);

async function change(member: ChangedMember): Promise<void> {
  const place = { id: lieu.community.id, issuerUrl: undefined };
  await hub.database.transaction((tx) => saveMembers(tx, place, [member], 'cli'));
  await hub.app.settle();
}

/** Asks until the answer is another; fails when that comes before the end, or a second after it. */
async function changesAt<Answer>(end: Date, ask: () => Promise<Answer>): Promise<Answer> {
  const first = await ask();
  expect(Date.now()).toBeLessThan(+end);
  for (;;) {
    const answer = await ask();
    if (JSON.stringify(answer) !== JSON.stringify(first)) {
      expect(Date.now()).toBeGreaterThanOrEqual(+end);
      return answer;
    }
    expect(Date.now()).toBeLessThan(+end + 1_000);
  }
}

async function appOf(access: 'everyone' | { groups: string[] }) {
  const service = await buildService(hub, lieu.community, { access });
  return new RelyingParty(hub.url, lieu.community, service);
}

async function signedIn(app: RelyingParty) {
  const member = await buildMember(hub.database, lieu.community.id);
  const browser = new Browser({ stopAt: (url) => url.hostname.endsWith('.example') });
  const tokens = await app.tokens(await app.signIn(browser, member.username));
  return { member, browser, tokens };
}

describe('a membership that is over', () => {
  it('lets no token, session or password open anything from its end on', async () => {
    const app = await appOf('everyone');
    const { member, browser, tokens } = await signedIn(app);
    const end = soon();
    await change({ subject: member.subject, until: end });
    const userinfo = async () => (await app.userinfo(tokens.access_token)).status;
    expect(await changesAt(end, userinfo)).toBe(401);
    expect((await app.refresh(tokens.refresh_token as string)).status).toBe(400);
    const page = await browser.open(app.authorizationUrl());
    const refused = await browser.submit(page, '#login-form', {
      username: member.username,
      password: PASSWORD,
    });
    expect(refused.status).toBe(403);
    expect(refused.text).toContain('a pris fin');
    const rows = await hub.database.query('SELECT status FROM memberships WHERE subject = $1', [
      member.subject,
    ]);
    expect(rows).toEqual([{ status: 'active' }]);
  });

  it('is seen by no reader of the directory, and binds with no password', async () => {
    const member = await buildMember(hub.database, lieu.community.id);
    const [reader, own] = [await boundReader(hub, lieu), await ldapTo(hub)];
    const end = soon();
    await change({ subject: member.subject, until: end });
    expect((await own.bind(lieu.dnOf(member), PASSWORD)).code).toBe(0);
    const seen = async () => dnsOf(await reader.search(lieu.base, `(uid=${member.username})`));
    expect(await changesAt(end, seen)).toEqual([]);
    expect((await own.search(lieu.dnOf(member), '(uid=*)')).code).not.toBe(0);
    expect((await own.bind(lieu.dnOf(member), PASSWORD)).code).toBe(49);
    for (const client of [reader, own]) client.close();
  });
});

describe('a place in a group that is over', () => {
  it('opens no service of that group, and is in no claim and no memberOf', async () => {
    const group = await buildGroup(hub.database, lieu.community.id);
    const app = await appOf({ groups: [group.id] });
    const member = await buildMember(hub.database, lieu.community.id, { groupIds: [group.id] });
    const browser = new Browser({ stopAt: (url) => url.hostname.endsWith('.example') });
    const tokens = await app.tokens(await app.signIn(browser, member.username));
    const reader = await boundReader(hub, lieu);
    const end = soon();
    await change({ subject: member.subject, groups: { add: [{ id: group.id, until: end }] } });
    const members = async () =>
      dnsOf(await reader.search(lieu.base, `(memberOf=cn=${group.name},ou=groups,${lieu.base})`));
    expect(await members()).toEqual([lieu.dnOf(member)]);
    const userinfo = async () => (await app.userinfo(tokens.access_token)).status;
    expect(await changesAt(end, userinfo)).toBe(401);
    expect((await app.refresh(tokens.refresh_token as string)).status).toBe(400);
    await expect.poll(members, { timeout: 1_000 }).toEqual([]);
    reader.close();
  });
});

describe('a role that is over', () => {
  it("opens none of the admins' pages", async () => {
    const member = await buildMember(hub.database, lieu.community.id, { role: 'admin' });
    const { browser, at } = await visit(hub, lieu.community, { member });
    const end = soon();
    await change({ subject: member.subject, roleUntil: end });
    const page = async () => (await browser.open(at('/admin'))).status;
    expect(await changesAt(end, page)).toBe(403);
  });
});
