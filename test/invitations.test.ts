import { beforeEach, describe, expect, it } from 'vitest';
import {
  createInvitation,
  type NewInvitation,
} from '../src/domain/invitations/create-invitation.ts';
import { findInvitation, listInvitations } from '../src/domain/invitations/invitation-store.ts';
import { revokeInvitation } from '../src/domain/invitations/revoke-invitation.ts';
import { useInvitation } from '../src/domain/invitations/use-invitation.ts';
import { Browser, type Page } from './support/browser.ts';
import {
  type BuiltCommunity,
  type BuiltMember,
  buildCommunity,
  buildGroup,
  buildMember,
  PASSWORD,
} from './support/factories.ts';
import { faultsOf, mailsTo, NEW_PASSWORD } from './support/newcomers.ts';
import { useHub } from './support/use-hub.ts';

const hub = useHub({ env: { TROUSSEAU_TRUSTED_PROXIES: '127.0.0.0/8, ::1/128' } });
let lieu: BuiltCommunity;
let owner: BuiltMember;
let issuer: string;

beforeEach(async () => {
  lieu = await buildCommunity(hub.database, { registration: 'closed' });
  owner = await buildMember(hub.database, lieu.id, { role: 'owner', displayName: 'Noémie' });
  issuer = `${hub.url}/c/${lieu.slug}`;
  await hub.app.settle();
});

const invite = async (values: Partial<NewInvitation> = {}, by: BuiltMember | 'cli' = owner) => {
  const invitation = {
    label: 'Amis',
    role: 'member',
    groupIds: [],
    maxUses: 1,
    days: 7,
    ...values,
  };
  return hub.database.transaction((tx) =>
    createInvitation(
      tx,
      hub.sealer,
      lieu.id,
      invitation as NewInvitation,
      by === 'cli' ? by : { subject: by.subject, role: 'owner' },
    ),
  );
};
const inviteLongAgo = async () => {
  const invitation = await invite();
  await hub.database.query('UPDATE invitations SET expires_at = now() WHERE id = $1', [
    invitation.id,
  ]);
  return invitation;
};
const open = (token: string, browser = new Browser()) =>
  browser.open(`${issuer}/invitations/${token}`);
const details = (username: string) => ({
  username,
  display_name: 'Camille',
  email: `${username}@exemple.fr`,
  password: NEW_PASSWORD,
});
const accept = async (token: string, username: string, fields: Record<string, string> = {}) => {
  const browser = new Browser();
  const page = await open(token, browser);
  return browser.submit(page, '#newcomer-form', { ...details(username), ...fields });
};
const heading = (page: Page) => page.document.querySelector('h1')?.text;
const one = async (sql: string, ...params: unknown[]) =>
  (await hub.database.query(sql, [lieu.id, ...params]))[0];
const usernames = async () =>
  (
    await hub.database.query(
      'SELECT username FROM memberships WHERE community_id = $1 AND subject <> $2 ORDER BY username',
      [lieu.id, owner.subject],
    )
  ).map(({ username }) => username);

describe('an invitation', () => {
  it('says who invites into what, and changes nothing by being looked at', async () => {
    const group = await buildGroup(hub.database, lieu.id, 'atelier');
    await hub.app.settle();
    const { token } = await invite({ groupIds: [group.id] });
    for (let count = 0; count < 3; count += 1) {
      const page = await open(token);
      expect(page.status).toBe(200);
      expect(page.document.querySelector('main')?.text).toMatch(/Noémie vous invite.*atelier/s);
    }
    expect(await one('SELECT uses FROM invitations WHERE community_id = $1')).toEqual({ uses: 0 });
  });

  it('lets somebody in at once, with groups and role, even where registration is closed', async () => {
    const group = await buildGroup(hub.database, lieu.id, 'bureau');
    await hub.app.settle();
    const { id, token } = await invite({ groupIds: [group.id], role: 'admin' });
    const page = await accept(token, 'camille');
    expect(heading(page)).toBe('Mes services');
    const member = await one(
      `SELECT subject, role, status FROM memberships WHERE community_id = $1 AND username = 'camille'`,
    );
    expect(member).toMatchObject({ role: 'admin', status: 'active' });
    expect(
      await one(
        'SELECT group_id FROM group_members WHERE community_id = $1 AND subject = $2',
        member.subject,
      ),
    ).toEqual({ group_id: group.id });
    expect(
      await one(
        `SELECT actor, details FROM events WHERE community_id = $1 AND type = 'invitation.used'`,
      ),
    ).toEqual({ actor: `member:${member.subject}`, details: { invitation: id, label: 'Amis' } });
    expect(await one('SELECT subject FROM invitation_uses WHERE community_id = $1')).toEqual({
      subject: member.subject,
    });
  });

  it('proves no address: that takes a link of its own', async () => {
    const { token } = await invite({ email: 'camille@exemple.fr' });
    const shown = await open(token);
    expect(shown.document.querySelector('#email')?.getAttribute('value')).toBe(
      'camille@exemple.fr',
    );
    await accept(token, 'camille');
    const member = await one(
      `SELECT m.subject, m.email, e.address, e.verified_at, e.proven_at FROM memberships m
       JOIN person_emails e ON e.person_id = m.person_id WHERE m.community_id = $1 AND m.username = 'camille'`,
    );
    expect(member).toMatchObject({
      email: null,
      address: 'camille@exemple.fr',
      verified_at: null,
      proven_at: null,
    });
    expect(await mailsTo(hub.database, lieu.id, 'camille@exemple.fr')).toMatchObject([
      { template: 'verification', link: { kind: 'verification', subject: member.subject } },
    ]);
  });

  it('does not tell whether a member has an address, but tells that member', async () => {
    const { token } = await invite({ maxUses: null });
    const page = await accept(token, 'intruse', { email: owner.email });
    expect(heading(page)).toBe('Mes services');
    expect(await mailsTo(hub.database, lieu.id, owner.email)).toMatchObject([
      { template: 'registration-known' },
    ]);
    expect(
      await one(`SELECT email FROM memberships WHERE community_id = $1 AND username = 'intruse'`),
    ).toEqual({ email: null });
  });

  it('is not lost by a form that is refused', async () => {
    const { token } = await invite();
    const page = await accept(token, owner.username, { email: 'nothing', display_name: '' });
    expect(page.status).toBe(400);
    expect(Object.keys(faultsOf(page)).sort()).toEqual(['display_name', 'email']);
    const taken = await accept(token, owner.username);
    expect(faultsOf(taken)).toEqual({ username: expect.stringMatching(/déjà pris/) });
    expect(heading(await accept(token, 'enfin'))).toBe('Mes services');
  });

  it('for three is used three times, however many come at once on two processes', async () => {
    const { token } = await invite({ maxUses: 3 });
    const twin = await hub.sibling();
    try {
      const send = async (base: string, username: string) => {
        const browser = new Browser();
        const page = await open(token, browser);
        const body = new URLSearchParams({
          ...details(username),
          csrf: page.document.querySelector('[name=csrf]')?.getAttribute('value') as string,
        });
        const answer = await fetch(page.url.replace(hub.url, base), {
          method: 'POST',
          redirect: 'manual',
          headers: {
            cookie: await browser.jar.getCookieString(page.url),
            'content-type': 'application/x-www-form-urlencoded',
            'x-forwarded-host': new URL(hub.url).host,
            'x-forwarded-for': '192.0.2.9',
          },
          body,
        });
        return answer.status;
      };
      const names = ['ada', 'bea', 'cleo', 'dora', 'emma', 'fanny'];
      const answers = await Promise.all(
        names.map((name, index) => send(index % 2 === 0 ? hub.url : twin.url, name)),
      );
      expect(answers.sort()).toEqual([303, 303, 303, 410, 410, 410]);
      expect(await usernames()).toHaveLength(3);
      expect(await one('SELECT uses FROM invitations WHERE community_id = $1')).toEqual({
        uses: 3,
      });
    } finally {
      await twin.stop();
    }
  });

  it('says to somebody who is signed in here that they are in already', async () => {
    const { token } = await invite();
    const browser = new Browser();
    await browser.submit(await browser.open(`${issuer}/login`), '#login-form', {
      username: owner.username,
      password: PASSWORD,
    });
    expect(heading(await open(token, browser))).toMatch(/^Vous faites déjà partie/);
    expect((await open(token)).document.querySelector('#newcomer-form')).not.toBeNull();
  });
});

describe('an invitation that can no longer be used says why:', () => {
  it('used up', async () => {
    const { token } = await invite();
    await accept(token, 'premiere');
    const page = await open(token);
    expect([page.status, heading(page)]).toEqual([410, 'Cette invitation a déjà servi']);
  });

  it('revoked, even while the form is open', async () => {
    const { id, token } = await invite();
    const browser = new Browser();
    const form = await open(token, browser);
    await hub.database.transaction((tx) => revokeInvitation(tx, lieu.id, id, 'cli'));
    const page = await browser.submit(form, '#newcomer-form', details('retard'));
    expect([page.status, heading(page)]).toEqual([410, 'Cette invitation a été retirée']);
    expect(await usernames()).toEqual([]);
  });

  it('expired', async () => {
    const { token } = await inviteLongAgo();
    const page = await open(token);
    expect([page.status, heading(page)]).toEqual([410, 'Cette invitation a expiré']);
  });

  it('of another community, truncated, or never made', async () => {
    const { token } = await invite();
    const neighbour = await buildCommunity(hub.database);
    await hub.app.settle();
    const page = await new Browser().open(`${hub.url}/c/${neighbour.slug}/invitations/${token}`);
    expect([page.status, heading(page)]).toEqual([404, 'Cette invitation n’existe pas']);
    for (const wrong of [token.slice(0, -1), 'x', 'A'.repeat(5_000)])
      expect((await open(wrong)).status).toBe(404);
  });
});

it('an invitation that ends while a form is on its way is not used', async () => {
  const maker = await buildMember(hub.database, lieu.id, { role: 'owner' });
  const use = (token: string, communityId = lieu.id) =>
    hub.database.transaction((tx) => useInvitation(tx, communityId, token));
  const neighbour = await buildCommunity(hub.database);
  const fine = await invite({ maxUses: null }, maker);
  expect(await use(fine.token)).toMatchObject({ id: fine.id, role: 'member' });
  expect(await use(fine.token, neighbour.id)).toBeUndefined();
  const [once, expired, revoked] = [await invite({}, maker), await inviteLongAgo(), await invite()];
  await use(once.token);
  await hub.database.transaction((tx) => revokeInvitation(tx, lieu.id, revoked.id, 'cli'));
  for (const { token } of [once, expired, revoked]) expect(await use(token)).toBeUndefined();
  await hub.database.query(`UPDATE memberships SET status = 'left' WHERE subject = $1`, [
    maker.subject,
  ]);
  expect(await use(fine.token)).toBeUndefined();
});

describe('an invitation stands on the word of who made it:', () => {
  it.each([
    [{ status: 'suspended' }, 'member', 'revoked'],
    [{ status: 'left' }, 'member', 'revoked'],
    [{ role: 'member' }, 'member', 'revoked'],
    [{ role: 'admin' }, 'member', 'open'],
    [{ role: 'admin' }, 'admin', 'revoked'],
    [{ role: 'member' }, 'owner', 'revoked'],
    [{}, 'owner', 'open'],
  ] as const)('made by one who is %o now, giving %s: %s', async (change, role, state) => {
    const maker = await buildMember(hub.database, lieu.id, { role: 'owner' });
    const { token } = await invite({ role }, maker);
    for (const [column, value] of Object.entries(change)) {
      await hub.database.query(
        `UPDATE memberships SET ${column} = $3 WHERE community_id = $1 AND subject = $2`,
        [lieu.id, maker.subject, value],
      );
    }
    expect((await findInvitation(hub.database, lieu.id, token))?.state).toBe(state);
    const page = await open(token);
    expect(page.status).toBe(state === 'open' ? 200 : 410);
  });

  it('an operator’s stands by itself, and is listed without a name', async () => {
    const { token } = await invite({ role: 'owner' }, 'cli');
    expect(await findInvitation(hub.database, lieu.id, token)).toMatchObject({
      state: 'open',
      createdBy: null,
    });
    expect(await listInvitations(hub.database, lieu.id)).toHaveLength(1);
  });

  it('an admin invites members, and only an owner admins', async () => {
    const make = (role: 'member' | 'admin') =>
      hub.database.transaction((tx) =>
        createInvitation(
          tx,
          hub.sealer,
          lieu.id,
          { label: 'x', role, groupIds: [], maxUses: 1, days: 1 },
          { subject: owner.subject, role: 'admin' },
        ),
      );
    await expect(make('admin')).rejects.toMatchObject({ code: 'invitation-role' });
    await expect(make('member')).resolves.toBeDefined();
  });

  it('an admin ends what invites members, and only an owner what invites admins', async () => {
    const admin = await buildMember(hub.database, lieu.id, { role: 'admin' });
    const end = async (id: string) =>
      hub.database.transaction((tx) =>
        revokeInvitation(tx, lieu.id, id, { subject: admin.subject, role: 'admin' }),
      );
    const [forAdmins, forMembers] = [await invite({ role: 'admin' }), await invite({})];
    await expect(end(forAdmins.id)).rejects.toMatchObject({ code: 'invitation-role' });
    expect(await findInvitation(hub.database, lieu.id, forAdmins.token)).toMatchObject({
      state: 'open',
    });
    expect(await end(forMembers.id)).toBe(true);
  });

  it('a group of another community cannot be given', async () => {
    const neighbour = await buildCommunity(hub.database);
    const group = await buildGroup(hub.database, neighbour.id);
    await expect(invite({ groupIds: [group.id] })).rejects.toThrow(/no group/);
  });
});
