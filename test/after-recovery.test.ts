import { beforeEach, describe, expect, it } from 'vitest';
import { mintLink } from '../src/domain/links/link-store.ts';
import { setPassword } from '../src/domain/memberships/set-password.ts';
import { hashPassword } from '../src/domain/people/password.ts';
import {
  approveRecovery,
  handOutLink,
  listRecoveries,
  requestRecovery,
} from '../src/domain/recovery/assisted-recovery.ts';
import { enqueue } from '../src/platform/outbox/outbox.ts';
import { buildElsewhere } from './support/belongings.ts';
import { Browser, type Page } from './support/browser.ts';
import {
  type BuiltCommunity,
  type BuiltMember,
  buildCommunity,
  buildMember,
  PASSWORD,
} from './support/factories.ts';
import { mailsTo } from './support/newcomers.ts';
import { useHub } from './support/use-hub.ts';

const NEW = 'sept oignons et une brouette';

const hub = useHub();
let community: BuiltCommunity;
let member: BuiltMember;
let one: BuiltMember;
let two: BuiltMember;

beforeEach(async () => {
  community = await buildCommunity(hub.database);
  member = await buildMember(hub.database, community.id);
  one = await buildMember(hub.database, community.id, { role: 'admin' });
  two = await buildMember(hub.database, community.id, { role: 'owner' });
  await hub.app.settle();
});

const at = (path: string) => `${hub.url}/c/${community.slug}${path}`;
const place = () => ({ communityId: community.id, issuerUrl: at('') });

/** Two admins let the member in again. @returns the link, before it is opened */
async function handedOut(): Promise<string> {
  const { database } = hub;
  const [, token] = await database.transaction(async (tx) => {
    await requestRecovery(tx, place(), { subject: member.subject, by: one.subject, delayHours: 1 });
    const [recovery] = await listRecoveries(tx, community.id);
    const id = recovery?.id as string;
    await approveRecovery(tx, community.id, { id, by: two.subject, delayHours: 1 });
    await tx.query(
      `UPDATE assisted_recoveries SET ready_at = now() - interval '1 minute' WHERE id = $1`,
      [id],
    );
    const link = await handOutLink(tx, place(), { id, by: two.subject });
    return [id, link.token] as const;
  });
  return at(`/recover/assisted/${token}`);
}

async function giveBack(url?: string): Promise<void> {
  const visitor = new Browser();
  const page = await visitor.open(url ?? (await handedOut()));
  const after = await visitor.submit(page, '#recover-password-form', { password: NEW });
  expect(after.url).toContain('notice=password-changed');
}

async function signIn(password: string): Promise<{ visitor: Browser; page: Page }> {
  const visitor = new Browser();
  const login = await visitor.open(at('/login'));
  const fields = { username: member.username, password };
  return { visitor, page: await visitor.submit(login, '#login-form', fields) };
}
const isIn = (page: Page) => page.url.replace(/\/$/, '') === at('');

/** Whether a link's page says that it opens nothing. */
async function opens(path: string): Promise<boolean> {
  const page = await new Browser().open(at(path));
  return page.status === 200;
}

/** Asks for a link as anybody can; waits until the worker has looked. @returns recovery mails */
async function askToRecover(login: string): Promise<number> {
  const visitor = new Browser();
  const page = await visitor.open(at('/recover'));
  await visitor.submit(page, '#recover-form', { username: login });
  await workDone();
  return recoveryMails();
}

async function recoveryMails(): Promise<number> {
  const mails = await mailsTo(hub.database, community.id, member.email);
  return mails.filter(({ template }) => template === 'recovery').length;
}

const workDone = () =>
  expect
    .poll(
      () =>
        hub.database.query(
          'SELECT 1 FROM outbox WHERE community_id = $1 AND done_at IS NULL AND failed_at IS NULL',
          [community.id],
        ),
      { timeout: 20_000 },
    )
    .toEqual([]);

/** The link of a kind that was made when a message left: its token is known to its reader alone. */
async function linksOf(kind: string): Promise<{ open: number }> {
  const [row] = await hub.database.query<{ open: number }>(
    `SELECT count(*)::int AS open FROM links
     WHERE community_id = $1 AND subject = $2 AND kind = $3 AND used_at IS NULL AND expires_at > now()`,
    [community.id, member.subject, kind],
  );
  return row as { open: number };
}

const prove = async () => {
  const token = await mintLink(hub.database, community.id, {
    kind: 'verification',
    subject: member.subject,
    email: member.email,
    hours: 1,
  });
  const visitor = new Browser();
  const page = await visitor.open(at(`/verify/${token}`));
  await visitor.submit(page, 'form[action*="/verify/"]');
};

describe('after an assisted recovery', () => {
  it('the old mailbox gets no link to recover the account, by its address or the username', async () => {
    await giveBack();
    expect(await askToRecover(member.email)).toBe(0);
    expect(await askToRecover(member.username)).toBe(0);
  });

  it('a link to recover that was made nonetheless opens nothing', async () => {
    await giveBack();
    const link = { kind: 'recovery' as const, subject: member.subject, email: member.email };
    const token = await mintLink(hub.database, community.id, { ...link, hours: 1 });
    expect(await opens(`/recover/${token}`)).toBe(false);
    expect(isIn((await signIn(NEW)).page)).toBe(true);
  });

  it("the member's new proof of the address lets it recover the account again", async () => {
    await giveBack();
    await prove();
    expect(await askToRecover(member.email)).toBe(1);
  });

  it("the operator's word for the address, or another one and back, is no proof", async () => {
    await giveBack();
    const { saveMembers } = await import('../src/domain/memberships/save-members.ts');
    for (const email of [`ailleurs-${member.username}@lieu.example`, member.email]) {
      await hub.database.transaction((tx) =>
        saveMembers(
          tx,
          { id: community.id, issuerUrl: undefined },
          [{ subject: member.subject, email, emailVerified: true }],
          'apply',
        ),
      );
    }
    expect(await askToRecover(member.email)).toBe(0);
  });

  it('a proof of the address that was asked for before proves nothing, however late its mail leaves', async () => {
    const url = await handedOut();
    const { subject } = member;
    await hub.database.transaction((tx) =>
      enqueue(tx, [
        {
          kind: 'mail',
          communityId: community.id,
          payload: {
            issuerUrl: at(''),
            template: 'verification',
            to: member.email,
            locale: 'fr',
            data: { asked: 'joined' },
            link: { kind: 'verification', subject, hours: 24 },
          },
        },
      ]),
    );
    await workDone();
    const [queued] = await hub.database.query<{ id: string }>(
      `UPDATE outbox SET done_at = NULL, next_attempt_at = now() + interval '1 hour'
       WHERE community_id = $1 AND payload ->> 'template' = 'verification' RETURNING id`,
      [community.id],
    );
    await hub.database.query(`UPDATE links SET used_at = now() WHERE kind = 'verification'`);
    await giveBack(url);
    const before = await linksOf('verification');
    await hub.database.query('UPDATE outbox SET next_attempt_at = now() WHERE id = $1', [
      queued?.id,
    ]);
    await hub.database.query(`SELECT pg_notify('trousseau_outbox', '')`);
    await workDone();
    expect(before).toEqual({ open: 0 });
    const [link] = await hub.database.query<{ askedBefore: boolean }>(
      `SELECT (l.details ->> 'askedAt')::timestamptz < p.password_changed_at AS "askedBefore"
       FROM links l JOIN memberships m ON m.subject = l.subject JOIN persons p ON p.id = m.person_id
       WHERE l.subject = $1 AND l.kind = 'verification' AND l.used_at IS NULL`,
      [subject],
    );
    expect(link).toEqual({ askedBefore: true });
  });

  it('the old mailbox cannot refuse the next one', async () => {
    await giveBack();
    await workDone();
    await hub.database.transaction((tx) =>
      requestRecovery(tx, place(), { subject: member.subject, by: one.subject, delayHours: 1 }),
    );
    const mails = await mailsTo(hub.database, community.id, member.email);
    const told = mails.filter(({ template }) => template === 'assisted-recovery-started');
    expect(told).toHaveLength(1);
  });

  it('sign-ins on their way, invitations and what they said as an admin are over', async () => {
    await hub.database.query(`UPDATE memberships SET role = 'owner' WHERE subject = $1`, [
      member.subject,
    ]);
    const other = await buildMember(hub.database, community.id);
    const { createInvitation } = await import('../src/domain/invitations/create-invitation.ts');
    const wish = { label: 'Porte', role: 'owner', groupIds: [], maxUses: 1, days: 30 } as const;
    const by = { subject: member.subject, role: 'owner' } as const;
    const { token } = await hub.database.transaction(async (tx) => {
      const asked = { subject: other.subject, by: member.subject, delayHours: 1 };
      await requestRecovery(tx, place(), asked);
      return createInvitation(tx, hub.sealer, community.id, wish, by);
    });
    // Rows of their own: only a browser in the midst of a sign-in makes them.
    await hub.database.query(
      `INSERT INTO pending_sign_ins (community_id, token_hash, subject, issuer, passkey_id, waits_for, expires_at)
       VALUES ($1, '\\x01', $2, $3, gen_random_uuid(), 'decision', now() + interval '10 minutes')`,
      [community.id, member.subject, at('')],
    );
    await hub.app.settle();
    const under = await hub.database.query<{ id: string }>(
      'SELECT id FROM assisted_recoveries WHERE subject = $1',
      [other.subject],
    );
    expect(await listRecoveries(hub.database, community.id)).toHaveLength(1);
    await giveBackAs();
    expect((await listRecoveries(hub.database, community.id)).map(({ id }) => id)).not.toContain(
      under[0]?.id,
    );
    expect(await opens(`/invitations/${token}`)).toBe(false);
    const pending = await hub.database.query('SELECT 1 FROM pending_sign_ins WHERE subject = $1', [
      member.subject,
    ]);
    expect(pending).toEqual([]);
  });

  /** Of an owner, beside another recovery that is under way. */
  async function giveBackAs(): Promise<void> {
    const token = await hub.database.transaction(async (tx) => {
      const asked = { subject: member.subject, by: one.subject, delayHours: 1 };
      await requestRecovery(tx, place(), asked);
      const all = await listRecoveries(tx, community.id);
      const id = all.find(({ subject }) => subject === member.subject)?.id as string;
      await approveRecovery(tx, community.id, { id, by: two.subject, delayHours: 1 });
      await tx.query(
        `UPDATE assisted_recoveries SET ready_at = now() - interval '1 minute' WHERE id = $1`,
        [id],
      );
      return (await handOutLink(tx, place(), { id, by: two.subject })).token;
    });
    await giveBack(at(`/recover/assisted/${token}`));
  }
});

describe('a new password by anybody', () => {
  it('ends links to recover and to prove that were asked for before, in every community, and sign-ins on their way', async () => {
    const elsewhere = await buildCommunity(hub.database);
    const there = await buildElsewhere(hub.database, elsewhere.id, member);
    for (const [where, subject] of [
      [community.id, member.subject],
      [elsewhere.id, there],
    ] as const) {
      for (const kind of ['recovery', 'verification'] as const)
        await mintLink(hub.database, where, { kind, subject, email: member.email, hours: 1 });
      // As above: of a browser in the midst of a sign-in.
      await hub.database.query(
        `INSERT INTO pending_sign_ins (community_id, token_hash, subject, issuer, passkey_id, waits_for, expires_at)
         VALUES ($1, sha256($2::text::bytea), $2::text::uuid, $3, gen_random_uuid(), 'decision', now() + interval '10 minutes')`,
        [where, subject, at('')],
      );
    }
    const hash = await hashPassword(NEW);
    await hub.database.transaction((tx) =>
      setPassword(tx, community.id, member.subject, hash, 'cli'),
    );
    const subjects = [member.subject, there];
    const links = await hub.database.query(
      'SELECT 1 FROM links WHERE subject = ANY($1::uuid[]) AND used_at IS NULL',
      [subjects],
    );
    const pending = await hub.database.query(
      'SELECT 1 FROM pending_sign_ins WHERE subject = ANY($1::uuid[])',
      [subjects],
    );
    expect([links, pending]).toEqual([[], []]);
  });

  it('ends a link that was asked for before it and made after it', async () => {
    expect(await askToRecover(member.email)).toBe(1);
    const [asked] = await hub.database.query<{ details: Record<string, unknown> }>(
      `SELECT payload #> '{link,details}' AS details FROM outbox
       WHERE community_id = $1 AND payload ->> 'template' = 'recovery'`,
      [community.id],
    );
    const hash = await hashPassword(NEW);
    await hub.database.transaction((tx) =>
      setPassword(tx, community.id, member.subject, hash, 'cli'),
    );
    const { subject, email } = member;
    const { details } = asked as { details: Record<string, unknown> };
    const link = { kind: 'recovery' as const, subject, email, details, hours: 1 };
    const token = await mintLink(hub.database, community.id, link);
    expect(await opens(`/recover/${token}`)).toBe(false);
    expect(isIn((await signIn(PASSWORD)).page)).toBe(false);
  });
});
