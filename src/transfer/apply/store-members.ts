import type { Transaction } from '../../platform/database/database.ts';
import { nameKey } from '../../platform/text/names.ts';
import type { MemberRow, SettledMember } from './apply-members.ts';
import { inBatches } from './run.ts';

/** Writes new members with their persons, and what changed of the others, in a handful of statements. */
export async function storeMembers(
  tx: Transaction,
  communityId: string,
  members: readonly SettledMember[],
): Promise<void> {
  const created = members.filter(({ before }) => before === undefined);
  const updated = members.filter(({ changed }) => changed.length > 0);
  const readdressed = updated.filter(({ changed }) => changed.includes('email'));
  const withAddress = [
    ...created,
    ...updated.filter(
      ({ changed }) => changed.includes('email') || changed.includes('emailVerified'),
    ),
  ];
  await inBatches(created, (batch) =>
    createPersons(
      tx,
      batch.map(({ after }) => after),
    ),
  );
  await inBatches(
    updated.filter(({ changed }) => changed.includes('passwordHash')),
    (batch) =>
      storePasswords(
        tx,
        batch.map(({ after }) => after),
      ),
  );
  await inBatches(withAddress, (batch) =>
    storeAddresses(
      tx,
      batch.map(({ after }) => after),
    ),
  );
  // Two members may swap their addresses: each lets go before any takes.
  await tx.query(
    'UPDATE memberships SET email = NULL, email_key = NULL WHERE community_id = $1 AND subject = ANY($2::uuid[])',
    [communityId, readdressed.map(({ after }) => after.subject)],
  );
  await inBatches([...created, ...updated], (batch) =>
    storeMemberships(
      tx,
      communityId,
      batch.map(({ after }) => after),
    ),
  );
  await forgetAddresses(tx, readdressed);
}

async function createPersons(tx: Transaction, rows: MemberRow[]): Promise<void> {
  await tx.query(
    `INSERT INTO persons (id, password_hash, password_changed_at, locale)
     SELECT id, hash, CASE WHEN hash IS NOT NULL THEN now() END, locale
     FROM jsonb_to_recordset($1::jsonb) AS p (id uuid, hash text, locale text)`,
    [
      JSON.stringify(
        rows.map((row) => ({ id: row.personId, hash: row.passwordHash, locale: row.locale })),
      ),
    ],
  );
}

async function storePasswords(tx: Transaction, rows: MemberRow[]): Promise<void> {
  await tx.query(
    `UPDATE persons p SET password_hash = n.hash, password_changed_at = now(), updated_at = now()
     FROM unnest($1::uuid[], $2::text[]) AS n (id, hash) WHERE p.id = n.id`,
    [rows.map((row) => row.personId), rows.map((row) => row.passwordHash)],
  );
}

async function storeAddresses(tx: Transaction, rows: MemberRow[]): Promise<void> {
  const addressed = rows.filter((row) => row.email !== null);
  await tx.query(
    `INSERT INTO person_emails AS e (person_id, address, verified_at)
     SELECT person, address, now() FROM unnest($1::uuid[], $2::text[]) AS n (person, address)
     ON CONFLICT (person_id, address) DO UPDATE SET verified_at = COALESCE(e.verified_at, now())`,
    [addressed.map((row) => row.personId), addressed.map((row) => row.email)],
  );
}

async function storeMemberships(
  tx: Transaction,
  communityId: string,
  rows: MemberRow[],
): Promise<void> {
  const records = rows.map((row) => ({
    ...row,
    passwordHash: undefined,
    usernameKey: nameKey(row.username),
    emailKey: row.email === null ? null : nameKey(row.email),
  }));
  await tx.query(
    `INSERT INTO memberships (community_id, subject, person_id, username, username_key, display_name, given_name,
       family_name, nickname, email, email_key, locale, zoneinfo, role, status)
     SELECT $1, subject, "personId", username, "usernameKey", name, "givenName", "familyName", nickname, email,
       "emailKey", locale, zoneinfo, role, status
     FROM jsonb_to_recordset($2::jsonb) AS m (subject uuid, "personId" uuid, username text, "usernameKey" text,
       name text, "givenName" text, "familyName" text, nickname text, email text, "emailKey" text, locale text,
       zoneinfo text, role text, status text)
     ON CONFLICT (community_id, subject) DO UPDATE SET username = EXCLUDED.username,
       display_name = EXCLUDED.display_name, given_name = EXCLUDED.given_name, family_name = EXCLUDED.family_name,
       nickname = EXCLUDED.nickname, email = EXCLUDED.email, email_key = EXCLUDED.email_key,
       locale = EXCLUDED.locale, zoneinfo = EXCLUDED.zoneinfo, role = EXCLUDED.role, status = EXCLUDED.status,
       status_reason = CASE WHEN EXCLUDED.status = 'suspended' THEN memberships.status_reason END, updated_at = now()`,
    [communityId, JSON.stringify(records)],
  );
}

/** An address that was replaced no longer speaks for the person, unless another membership uses it. */
async function forgetAddresses(tx: Transaction, members: readonly SettledMember[]): Promise<void> {
  const old = members.filter(({ before }) => before?.email != null);
  await tx.query(
    `DELETE FROM person_emails e USING unnest($1::uuid[], $2::text[]) AS gone (person, address)
     WHERE e.person_id = gone.person AND e.address = gone.address
       AND NOT EXISTS (SELECT FROM memberships m WHERE m.person_id = e.person_id AND m.email = e.address)`,
    [old.map(({ before }) => before?.personId), old.map(({ before }) => before?.email)],
  );
}
