import type { Database, Transaction } from '../../database/database.ts';
import { recordEvents } from '../../events/record-event.ts';
import { removeFromGroup } from '../../groups/change-group-members.ts';
import { mail } from '../../mail/mail.ts';
import { setMemberStatus } from '../../memberships/set-member-status.ts';
import { enqueue } from '../../outbox/outbox.ts';
import { membershipsOf } from './delete-account.ts';

/**
 * Deletes the accounts whose fortnight is over, one transaction each.
 * @returns how many they were
 */
export async function eraseDuePersons(
  database: Database,
  hubUrl: string,
  { now = new Date(), signal }: { now?: Date; signal?: AbortSignal } = {},
): Promise<number> {
  for (let erased = 0; ; erased += 1) {
    if (signal?.aborted) return erased;
    const went = await database.transaction(async (tx) => {
      const [due] = await tx.query<{ id: string }>(
        `SELECT id FROM persons WHERE deletion_due_at <= $1 ORDER BY deletion_due_at LIMIT 1 FOR UPDATE SKIP LOCKED`,
        [now],
      );
      if (due === undefined) return false;
      await erasePerson(tx, due.id, hubUrl);
      return true;
    });
    if (!went) return erased;
  }
}

/** What a membership leaves behind besides its own row. */
const OWN_ROWS = [
  'app_passwords',
  'consents',
  'disclosures',
  'member_pictures',
  'registration_answers',
  'assisted_recoveries',
  'links',
  'pending_sign_ins',
];

/**
 * Forgets a person: credentials, addresses, names, pictures, what the audit trails tell of them. The
 * memberships stay as nameless rows, so that a subject is never given to somebody else (invariant 2) and
 * the trails keep their lines.
 */
export async function erasePerson(
  tx: Transaction,
  personId: string,
  hubUrl: string,
): Promise<void> {
  const memberships = await membershipsOf(tx, personId);
  await sayGoodbye(tx, personId, hubUrl);
  for (const { communityId, subject } of memberships) {
    await eraseMembership(tx, communityId, subject);
  }
  for (const table of ['passkeys', 'totp_secrets', 'recovery_codes', 'person_emails']) {
    await tx.query(`DELETE FROM ${table} WHERE person_id = $1`, [personId]);
  }
  await tx.query(
    `UPDATE persons SET password_hash = NULL, password_changed_at = NULL, password_short = false, locale = NULL,
       recovery_codes_made_at = NULL, deletion_due_at = NULL, updated_at = now() WHERE id = $1`,
    [personId],
  );
}

async function eraseMembership(
  tx: Transaction,
  communityId: string,
  subject: string,
): Promise<void> {
  const groups = await tx.query<{ groupId: string }>(
    'SELECT group_id AS "groupId" FROM group_members WHERE community_id = $1 AND subject = $2 ORDER BY group_id',
    [communityId, subject],
  );
  for (const { groupId } of groups) {
    await removeFromGroup(tx, communityId, { groupId, subject }, 'hub');
  }
  await setMemberStatus(tx, communityId, subject, 'leave', 'hub');
  for (const table of OWN_ROWS) {
    await tx.query(`DELETE FROM ${table} WHERE community_id = $1 AND subject = $2`, [
      communityId,
      subject,
    ]);
  }
  // The connectors take the accounts away; until then they know by these rows where there are any.
  await tx.query(
    `UPDATE accounts SET state = 'removed', updated_at = now() WHERE community_id = $1 AND subject = $2`,
    [communityId, subject],
  );
  const nobody = `deleted-${subject.slice(0, 8)}`;
  await tx.query(
    `UPDATE memberships SET username = $3, username_key = $3, display_name = $3, given_name = NULL,
       family_name = NULL, nickname = NULL, pronouns = NULL, email = NULL, email_key = NULL, locale = NULL,
       zoneinfo = NULL, role = 'member', updated_at = now()
     WHERE community_id = $1 AND subject = $2`,
    [communityId, subject, nobody],
  );
  await tx.query(`UPDATE events SET details = '{}' WHERE community_id = $1 AND subject = $2`, [
    communityId,
    subject,
  ]);
  await recordEvents(tx, [{ communityId, type: 'member.deleted', actor: 'hub', subject }]);
}

/** The last message goes to an address that is forgotten with this very transaction. */
async function sayGoodbye(tx: Transaction, personId: string, hubUrl: string): Promise<void> {
  const [home] = await tx.query<{
    communityId: string;
    to: string;
    locale: 'fr' | 'en';
    slug: string;
  }>(
    `SELECT m.community_id AS "communityId", m.email AS to, COALESCE(m.locale, p.locale, c.locale) AS locale, c.slug
     FROM memberships m JOIN persons p ON p.id = m.person_id JOIN communities c ON c.id = m.community_id
     WHERE m.person_id = $1 AND m.email IS NOT NULL ORDER BY m.status_reason IS NULL, m.created_at LIMIT 1`,
    [personId],
  );
  await tx.query(
    `DELETE FROM kept_mails WHERE recipient IN (SELECT address FROM person_emails WHERE person_id = $1)`,
    [personId],
  );
  if (home === undefined) return;
  const { slug, ...rest } = home;
  const issuerUrl = `${hubUrl}/c/${slug}`;
  await enqueue(tx, [mail({ ...rest, issuerUrl, template: 'deletion-done' })]);
}
