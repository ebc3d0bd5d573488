import { afterAll, beforeAll, expect, it } from 'vitest';
import type { NewMember } from '../src/domain/memberships/member-change.ts';
import type { MailTemplate } from '../src/domain/notices/mail.ts';
import { notifyMember } from '../src/domain/notices/notify-member.ts';
import { giveAddress } from './support/belongings.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { buildCommunity, buildMember } from './support/factories.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await cloneDatabase();
});
afterAll(() => db.drop());

/** A member with an address that they proved elsewhere, and one that they only typed. */
async function build(values: Partial<NewMember> = {}) {
  const { id: communityId } = await buildCommunity(db.database);
  const member = await buildMember(db.database, communityId, values);
  const [proven, typed] = ['prouvee', 'tapee'].map(
    (box) => `${box}-${member.username}@poste.example`,
  ) as [string, string];
  await giveAddress(db.database, communityId, member, proven, { isProven: true });
  await giveAddress(db.database, communityId, member, typed);
  return { communityId, ...member, proven };
}

type Built = Awaited<ReturnType<typeof build>>;

async function notify(
  { communityId, subject }: Built,
  template: MailTemplate,
  alsoTo: string[] = [],
) {
  const issuerUrl = 'https://hub.example/c/lieu';
  await db.database.transaction((tx) =>
    notifyMember(tx, { communityId, subject, issuerUrl, template, alsoTo }),
  );
  const rows = await db.database.query<{ to: string; locale: string }>(
    `SELECT payload->>'to' AS to, payload->>'locale' AS locale FROM outbox
     WHERE community_id = $1 AND payload->>'template' = $2 ORDER BY id`,
    [communityId, template],
  );
  return rows;
}

const to = (rows: { to: string }[]) => rows.map((row) => row.to).sort();

it('what is of the community goes to the address that it uses', async () => {
  const member = await build();
  expect(to(await notify(member, 'left'))).toEqual([member.email]);
});

it.each(['password-changed', 'new-passkey', 'email-changed', 'assisted-recovery-started'] as const)(
  '"%s" goes to every address that the person has proven, and to none that they only typed',
  async (template) => {
    const member = await build();
    expect(to(await notify(member, template))).toEqual([member.email, member.proven].sort());
  },
);

it('an address is written to once, however it is spelled', async () => {
  const member = await build();
  const also = [member.email.toUpperCase(), 'ancienne@poste.example'];
  expect(await notify(member, 'left', also)).toHaveLength(2);
});

it('whoever has no address is not written to', async () => {
  const member = await build();
  await db.database.query(
    'UPDATE memberships SET email = NULL, email_key = NULL WHERE subject = $1',
    [member.subject],
  );
  expect(await notify(member, 'left')).toEqual([]);
});

it("the language is the member's here, else the person's, else the community's", async () => {
  const member = await build();
  const localeOf = async () => (await notify(member, 'left')).at(-1)?.locale;
  expect(await localeOf()).toBe('fr');
  await db.database.query(`UPDATE persons SET locale = 'en' WHERE id = $1`, [member.personId]);
  expect(await localeOf()).toBe('en');
  await db.database.query(`UPDATE memberships SET locale = 'fr' WHERE subject = $1`, [
    member.subject,
  ]);
  expect(await localeOf()).toBe('fr');
});
