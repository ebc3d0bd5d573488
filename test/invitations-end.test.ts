import { beforeEach, describe, expect, it } from 'vitest';
import { cancelDeletion, requestDeletion } from '../src/domain/account-deletion/delete-account.ts';
import { createInvitation } from '../src/domain/invitations/create-invitation.ts';
import { findInvitation } from '../src/domain/invitations/invitation-store.ts';
import {
  INVITATION_MAILS_A_DAY,
  requireRoomForMails,
} from '../src/domain/invitations/mail-limits.ts';
import { sendInvitations } from '../src/domain/invitations/send-invitations.ts';
import { useInvitation } from '../src/domain/invitations/use-invitation.ts';
import { saveMembers } from '../src/domain/memberships/save-members.ts';
import { setMemberRole } from '../src/domain/memberships/set-member-role.ts';
import { setMemberStatus } from '../src/domain/memberships/set-member-status.ts';
import type { Transaction } from '../src/platform/database/database.ts';
import { visit } from './support/account-visits.ts';
import { Browser, type Page } from './support/browser.ts';
import {
  type BuiltCommunity,
  type BuiltMember,
  buildCommunity,
  buildMember,
} from './support/factories.ts';
import { useHub } from './support/use-hub.ts';

type Role = 'member' | 'admin' | 'owner';

const hub = useHub({ env: { TROUSSEAU_ROLES: 'web' } });
let community: BuiltCommunity;
let owner: BuiltMember;

beforeEach(async () => {
  community = await buildCommunity(hub.database);
  owner = await buildMember(hub.database, community.id, { role: 'owner' });
  await hub.app.settle();
});

const at = (path: string) => `${hub.url}/c/${community.slug}${path}`;
const inTx = <Result>(work: (tx: Transaction) => Promise<Result>) => hub.database.transaction(work);

async function invitation(by: BuiltMember | 'cli', role: Role = 'member', own: Role = 'owner') {
  const wish = { label: `Pour ${role}`, role, groupIds: [], maxUses: null, days: 30 };
  const inviter = by === 'cli' ? by : { subject: by.subject, role: own };
  return inTx((tx) => createInvitation(tx, hub.sealer, community.id, wish, inviter));
}

async function stateOf({ token }: { token: string }): Promise<string | undefined> {
  return (await findInvitation(hub.database, community.id, token))?.state;
}

const endings = () =>
  hub.database.query<{ actor: string; details: Record<string, unknown> }>(
    `SELECT actor, details FROM events WHERE community_id = $1 AND type = 'invitation.revoked' ORDER BY id`,
    [community.id],
  );

const WAYS: [string, (subject: string, personId: string) => Promise<unknown>][] = [
  [
    'is made a plain member',
    (subject) => inTx((tx) => setMemberRole(tx, community.id, subject, 'member', 'cli')),
  ],
  [
    'is suspended',
    (subject) => inTx((tx) => setMemberStatus(tx, community.id, subject, 'suspend', 'cli')),
  ],
  ['leaves', (subject) => inTx((tx) => setMemberStatus(tx, community.id, subject, 'leave', 'cli'))],
  [
    'is demoted by a file',
    (subject) =>
      inTx((tx) =>
        saveMembers(
          tx,
          { id: community.id, issuerUrl: undefined },
          [{ subject, role: 'member' }],
          'apply',
        ),
      ),
  ],
  [
    'asks for their account to be deleted',
    (subject, personId) =>
      inTx((tx) =>
        requestDeletion(tx, personId, { communityId: community.id, subject, issuerUrl: at('') }),
      ),
  ],
];

describe('an invitation of an admin', () => {
  it.each(WAYS)('ends when the admin %s, with an event; those of others stay', async (_, end) => {
    const admin = await buildMember(hub.database, community.id, { role: 'admin' });
    const own = await invitation(admin);
    const others = [await invitation('cli', 'owner'), await invitation(owner, 'admin')];
    await end(admin.subject, admin.personId);
    expect(await stateOf(own)).toBe('revoked');
    expect(await inTx((tx) => useInvitation(tx, community.id, own.token))).toBeUndefined();
    for (const other of others) expect(await stateOf(other)).toBe('open');
    expect(await endings()).toMatchObject([
      {
        details: {
          invitation: own.id,
          label: 'Pour member',
          inviter: admin.subject,
          because: 'role-lost',
        },
      },
    ]);
    const page = await new Browser().open(at(`/invitations/${own.token}`));
    expect(page.status).toBe(410);
  });

  it('stays ended when the role, or the account, comes back', async () => {
    const admin = await buildMember(hub.database, community.id, { role: 'admin' });
    const first = await invitation(admin);
    await inTx((tx) => setMemberRole(tx, community.id, admin.subject, 'member', 'cli'));
    await inTx((tx) => setMemberRole(tx, community.id, admin.subject, 'owner', 'cli'));
    expect(await stateOf(first)).toBe('revoked');
    const second = await invitation(admin);
    await inTx((tx) =>
      requestDeletion(tx, admin.personId, {
        communityId: community.id,
        subject: admin.subject,
        issuerUrl: at(''),
      }),
    );
    await inTx((tx) => cancelDeletion(tx, admin.personId));
    expect(await stateOf(second)).toBe('revoked');
  });

  it('that gives a role ends with the owner who is an admin from now on; a plain one stays', async () => {
    const second = await buildMember(hub.database, community.id, { role: 'owner' });
    const giving = [await invitation(second, 'admin'), await invitation(second, 'owner')];
    const plain = await invitation(second, 'member');
    await inTx((tx) =>
      setMemberRole(tx, community.id, second.subject, 'admin', `member:${owner.subject}`),
    );
    for (const one of giving) expect(await stateOf(one)).toBe('revoked');
    expect(await stateOf(plain)).toBe('open');
    const told = await endings();
    expect(told.map(({ actor }) => actor)).toEqual(Array(2).fill(`member:${owner.subject}`));
  });

  it('is made by what the admin is at that moment, not by what the page knew', async () => {
    const admin = await buildMember(hub.database, community.id, { role: 'admin' });
    await inTx((tx) => setMemberRole(tx, community.id, admin.subject, 'member', 'cli'));
    await expect(invitation(admin, 'member', 'admin')).rejects.toMatchObject({
      code: 'invitation-role',
    });
  });

  it('ends as well when it is made at the very moment of the demotion', async () => {
    const admin = await buildMember(hub.database, community.id, { role: 'admin' });
    const [made] = await Promise.allSettled([
      invitation(admin, 'member', 'admin'),
      inTx((tx) => setMemberRole(tx, community.id, admin.subject, 'member', 'cli')),
    ]);
    const open = await hub.database.query(
      'SELECT 1 FROM invitations WHERE created_by = $1 AND revoked_at IS NULL',
      [admin.subject],
    );
    expect(open).toEqual([]);
    expect(['fulfilled', 'rejected']).toContain(made?.status);
  });
});

describe('invitations by mail', () => {
  /** As sent the day before, many at a time. */
  async function fill(by: BuiltMember, sent: number, where = community.id): Promise<void> {
    await hub.database.query(
      `INSERT INTO invitations (community_id, token_hash, sealed_token, label, email, created_by, expires_at, created_at)
       SELECT $1, sha256(gen_random_uuid()::text::bytea), '\\x00', 'Avant', 'x@lieu.example', $2,
         now() + interval '7 days', now() - interval '23 hours' FROM generate_series(1, $3::int)`,
      [where, by.subject, sent],
    );
  }

  const send = (by: BuiltMember, count: number) =>
    inTx((tx) =>
      sendInvitations(tx, hub.sealer, {
        community: { id: community.id, issuerUrl: at('') },
        invitation: { label: 'Fête', role: 'member', groupIds: [], days: 7 },
        addresses: Array.from({ length: count }, (_, n) => `p${n}@lieu.example`),
        by: { subject: by.subject, role: 'owner', displayName: 'Noémie' },
        locale: 'fr',
      }),
    );

  it('are so many a day for an admin: the page says from when on, and keeps what was typed', async () => {
    await fill(owner, INVITATION_MAILS_A_DAY.admin - 1);
    const { browser } = await visit(hub, community, { member: owner });
    const form = await browser.open(at('/admin/invitations'));
    const fields = { label: 'Fête d’été', emails: 'a@lieu.example, b@lieu.example' };
    const page: Page = await browser.submit(form, '#invitation-form', fields);
    expect(page.status).toBe(429);
    expect(Number(page.headers.get('retry-after'))).toBeGreaterThan(3000);
    expect(page.document.querySelector('#error-summary')?.text).toMatch(/à partir du .* à /);
    expect(page.document.querySelector('#error-summary')?.text).toContain('Une seule peut');
    expect(page.document.querySelector('#label')?.getAttribute('value')).toBe('Fête d’été');
    expect(page.document.querySelector('#emails')?.text).toContain('b@lieu.example');
    const sent = await hub.database.query(
      `SELECT 1 FROM outbox WHERE community_id = $1 AND payload ->> 'template' = 'invitation'`,
      [community.id],
    );
    expect(sent).toEqual([]);
    const link = await browser.submit(page, '#invitation-form', { emails: '', uses: 'one' });
    expect(link.url).toContain('notice=created');
    const one = await browser.submit(page, '#invitation-form', { emails: 'a@lieu.example' });
    expect(one.url).toContain('notice=sent');
  });

  it('are so many for a community, whoever sends them, and for others it makes no difference', async () => {
    for (let sent = 0; sent < INVITATION_MAILS_A_DAY.community; sent += 100)
      await fill(await buildMember(hub.database, community.id, { role: 'admin' }), 100);
    await expect(send(owner, 1)).rejects.toMatchObject({ code: 'invitation-mails', left: 0 });
    const elsewhere = await buildCommunity(hub.database);
    const stranger = await buildMember(hub.database, elsewhere.id, { role: 'owner' });
    const asked = { communityId: elsewhere.id, subject: stranger.subject, count: 1 };
    await inTx((tx) => requireRoomForMails(tx, asked));
    const limits = { ...INVITATION_MAILS_A_DAY, hub: 100 };
    await expect(inTx((tx) => requireRoomForMails(tx, asked, limits))).rejects.toMatchObject({
      code: 'invitation-mails',
    });
  });

  it('are possible again when the first are a day old', async () => {
    await fill(owner, INVITATION_MAILS_A_DAY.admin);
    const refused = await send(owner, 1).then(
      () => undefined,
      (error) => error,
    );
    const inAnHour = Date.now() + 3_600_000;
    expect(Math.abs(refused.possibleAt.getTime() - inAnHour)).toBeLessThan(600_000);
    await hub.database.query(
      `UPDATE invitations SET created_at = created_at - interval '1 hour' WHERE created_by = $1`,
      [owner.subject],
    );
    await send(owner, 2);
  });

  it('of two at once, never make more than that', async () => {
    await fill(owner, INVITATION_MAILS_A_DAY.admin - 3);
    const outcomes = await Promise.allSettled([send(owner, 2), send(owner, 2)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });
});
