import { randomUUID } from 'node:crypto';
import type { Database, Transaction } from '../../platform/database/database.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import { enqueue } from '../../platform/outbox/outbox.ts';
import { communityAddress } from '../communities/community-address.ts';
import type { Status } from '../memberships/membership-store.ts';
import { removeFromGroup } from '../memberships/remove-from-group.ts';
import { setMemberStatus } from '../memberships/set-member-status.ts';
import { mail } from '../notices/mail.ts';
import { membershipsOf } from './delete-account.ts';

/**
 * Deletes the accounts whose fortnight is over, one transaction each. Whoever was brought back meanwhile, by
 * the operator's file, keeps theirs; one that cannot be deleted does not keep the others from it.
 * @returns how many they were
 * @throws AggregateError when some could not be deleted
 */
export async function eraseDuePersons(
  database: Database,
  hubUrl: URL,
  { now = new Date(), signal }: { now?: Date; signal?: AbortSignal } = {},
): Promise<number> {
  let erased = 0;
  const failures = new Map<string, unknown>();
  while (!signal?.aborted) {
    let personId: string | undefined;
    try {
      await database.transaction(async (tx) => {
        personId = await lockDuePerson(tx, now, [...failures.keys()]);
        if (personId !== undefined) await erasePerson(tx, personId, hubUrl);
      });
    } catch (error) {
      if (personId === undefined) throw error;
      failures.set(personId, error);
      continue;
    }
    if (personId === undefined) break;
    erased += 1;
  }
  if (failures.size > 0) {
    throw new AggregateError(failures.values(), `${failures.size} accounts could not be deleted`);
  }
  return erased;
}

async function lockDuePerson(
  tx: Transaction,
  now: Date,
  except: readonly string[],
): Promise<string | undefined> {
  const [due] = await tx.query<{ id: string }>(
    `SELECT p.id FROM persons p WHERE p.deletion_due_at <= $1 AND p.id <> ALL($2::uuid[])
       AND NOT EXISTS (SELECT FROM memberships m WHERE m.person_id = p.id AND m.status = 'active')
     ORDER BY p.deletion_due_at LIMIT 1 FOR UPDATE SKIP LOCKED`,
    [now, except],
  );
  return due?.id;
}

/** What a membership leaves behind besides its own row. */
const OWN_ROWS = [
  'app_passwords',
  'consents',
  'disclosures',
  'end_notices',
  'group_managers',
  'group_requests',
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
export async function erasePerson(tx: Transaction, personId: string, hubUrl: URL): Promise<void> {
  const memberships = await membershipsOf(tx, personId);
  await sayGoodbye(tx, personId, hubUrl);
  for (const { communityId, subject, status } of memberships) {
    await eraseMembership(tx, communityId, subject, status);
  }
  for (const table of ['passkeys', 'totp_secrets', 'recovery_codes', 'person_emails']) {
    await tx.query(`DELETE FROM ${table} WHERE person_id = $1`, [personId]);
  }
  await tx.query(
    `UPDATE persons SET password_hash = NULL, password_changed_at = NULL, password_short = false, locale = NULL,
       recovery_codes_made_at = NULL, given_back_at = NULL, deletion_due_at = NULL, updated_at = now() WHERE id = $1`,
    [personId],
  );
}

async function eraseMembership(
  tx: Transaction,
  communityId: string,
  subject: string,
  status: Status,
): Promise<void> {
  const groups = await tx.query<{ groupId: string }>(
    'SELECT group_id AS "groupId" FROM group_members WHERE community_id = $1 AND subject = $2 ORDER BY group_id',
    [communityId, subject],
  );
  for (const { groupId } of groups) {
    await removeFromGroup(tx, communityId, { groupId, subject }, 'hub');
  }
  const change = status === 'requested' ? 'withdraw' : 'leave';
  await setMemberStatus(tx, communityId, subject, change, 'hub');
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
  const nobody = await freeName(tx, communityId, subject);
  await tx.query(
    // The database keeps the localpart's hash, so that nobody else is given it (migration 0010).
    `UPDATE memberships SET username = $3, username_key = $3, localpart = NULL, display_name = $3,
       given_name = NULL, family_name = NULL, nickname = NULL, pronouns = NULL, email = NULL, email_key = NULL, locale = NULL,
       zoneinfo = NULL, role = 'member', role_until = NULL, until = NULL, updated_at = now()
     WHERE community_id = $1 AND subject = $2`,
    [communityId, subject, nobody],
  );
  await tx.query(`UPDATE events SET details = '{}' WHERE community_id = $1 AND subject = $2`, [
    communityId,
    subject,
  ]);
  await recordEvents(tx, [{ communityId, type: 'member.deleted', actor: 'hub', subject }]);
}

/** A name that says nothing, and that nobody has: somebody may have chosen to be called so. */
async function freeName(tx: Transaction, communityId: string, subject: string): Promise<string> {
  for (let id = subject; ; id = randomUUID()) {
    const name = `deleted-${id.slice(0, 8)}`;
    const taken = await tx.query(
      'SELECT 1 FROM memberships WHERE community_id = $1 AND username_key = $2',
      [communityId, name],
    );
    if (taken.length === 0) return name;
  }
}

/** The last message goes to an address that is forgotten with this very transaction. */
async function sayGoodbye(tx: Transaction, personId: string, hubUrl: URL): Promise<void> {
  const [home] = await tx.query<{
    communityId: string;
    to: string;
    locale: 'fr' | 'en';
  }>(
    `SELECT m.community_id AS "communityId", m.email AS to, COALESCE(m.locale, p.locale, c.locale) AS locale
     FROM memberships m JOIN persons p ON p.id = m.person_id JOIN communities c ON c.id = m.community_id
     WHERE m.person_id = $1 AND m.email IS NOT NULL ORDER BY m.status_reason IS NULL, m.created_at LIMIT 1`,
    [personId],
  );
  await tx.query(
    `DELETE FROM kept_mails WHERE recipient IN (SELECT address FROM person_emails WHERE person_id = $1)`,
    [personId],
  );
  if (home === undefined) return;
  const issuerUrl = await communityAddress(tx, hubUrl, home.communityId);
  await enqueue(tx, [mail({ ...home, issuerUrl, template: 'deletion-done' })]);
}
