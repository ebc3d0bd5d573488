import type { Transaction } from '../../platform/database/database.ts';
import { inBatches } from '../../platform/database/in-batches.ts';
import { nameKey } from '../../platform/text/names.ts';
import { PROVEN } from '../address-standing.ts';
import type { MemberRow } from './lock-members.ts';
import type { NewMember } from './member-change.ts';
import type { SettledMember } from './settle-member.ts';

/** Writes new members with their persons, and what changed of the others, in a handful of statements. */
export async function storeMembers(
  tx: Transaction,
  communityId: string,
  members: readonly SettledMember[],
): Promise<void> {
  const created = members.filter(({ before }) => before === undefined);
  const updated = members.filter(({ changed }) => changed.some((key) => key !== 'password'));
  const readdressed = updated.filter(({ before, after }) => before?.email !== after.email);
  await inBatches(created.filter(isOwnPerson), (batch) => createPersons(tx, batch));
  await inBatches(
    [...created.filter(isOwnPerson), ...updated.filter(({ changed }) => changed.includes('email'))],
    (batch) => storeAddresses(tx, batch),
  );
  // Two members may swap their addresses: each lets go before any takes.
  await inBatches(readdressed, (batch) =>
    tx.query(
      'UPDATE memberships SET email = NULL, email_key = NULL WHERE community_id = $1 AND subject = ANY($2::uuid[])',
      [communityId, batch.map(({ after }) => after.subject)],
    ),
  );
  await inBatches(created, (batch) => createMemberships(tx, communityId, batch));
  await inBatches(updated, (batch) => updateMemberships(tx, communityId, batch));
  await inBatches(readdressed, (batch) => forgetAddresses(tx, batch));
}

function isOwnPerson({ change }: SettledMember): boolean {
  return (change as NewMember).personId === undefined;
}

async function createPersons(tx: Transaction, members: readonly SettledMember[]): Promise<void> {
  const rows = members.map(({ change, after }) => ({
    id: after.personId,
    hash: (change as NewMember).passwordHash,
    locale: after.locale,
  }));
  await tx.query(
    `INSERT INTO persons (id, password_hash, password_changed_at, locale)
     SELECT id, hash, CASE WHEN hash IS NOT NULL THEN now() END, locale
     FROM jsonb_to_recordset($1::jsonb) AS p (id uuid, hash text, locale text)`,
    [JSON.stringify(rows)],
  );
  await tx.wrote('persons', rows.length);
}

async function storeAddresses(tx: Transaction, members: readonly SettledMember[]): Promise<void> {
  const addressed = members.map(({ after }) => after).filter(({ email }) => email !== null);
  await tx.query(
    `INSERT INTO person_emails AS e (person_id, address, verified_at)
     SELECT person, address, CASE WHEN verified THEN now() END
     FROM unnest($1::uuid[], $2::text[], $3::boolean[]) AS n (person, address, verified)
     ON CONFLICT (person_id, address) DO UPDATE SET verified_at = COALESCE(e.verified_at, EXCLUDED.verified_at)`,
    [
      addressed.map(({ personId }) => personId),
      addressed.map(({ email }) => email),
      addressed.map(({ emailVerified }) => emailVerified),
    ],
  );
  await tx.wrote('person_emails', addressed.length);
}

const RECORD = `(subject uuid, "personId" uuid, username text, "usernameKey" text, "displayName" text,
  "givenName" text, "familyName" text, nickname text, pronouns text, email text, "emailKey" text, locale text,
  zoneinfo text, role text, status text,
  "statusReason" text, until timestamptz, "roleUntil" timestamptz)`;

function records(members: readonly SettledMember[]): string {
  return JSON.stringify(
    members.map(({ after }) => ({
      ...after,
      usernameKey: nameKey(after.username),
      emailKey: after.email === null ? null : nameKey(after.email),
    })),
  );
}

async function createMemberships(
  tx: Transaction,
  communityId: string,
  members: readonly SettledMember[],
): Promise<void> {
  await tx.query(
    `INSERT INTO memberships (community_id, subject, person_id, username, username_key, display_name, given_name,
       family_name, nickname, pronouns, email, email_key, locale, zoneinfo, role, status, until, role_until)
     SELECT $1, subject, "personId", username, "usernameKey", "displayName", "givenName", "familyName", nickname,
       pronouns, email, "emailKey", locale, zoneinfo, role, status, until, "roleUntil"
     FROM jsonb_to_recordset($2::jsonb) AS m ${RECORD}`,
    [communityId, records(members)],
  );
  await tx.wrote('memberships', members.length);
}

async function updateMemberships(
  tx: Transaction,
  communityId: string,
  members: readonly SettledMember[],
): Promise<void> {
  await tx.query(
    `UPDATE memberships m SET username = n.username, username_key = n."usernameKey",
       display_name = n."displayName", given_name = n."givenName", family_name = n."familyName",
       nickname = n.nickname, pronouns = n.pronouns, email = n.email, email_key = n."emailKey",
       locale = n.locale, zoneinfo = n.zoneinfo, role = n.role, status = n.status,
       status_reason = n."statusReason",
       until = n.until, role_until = n."roleUntil", updated_at = now()
     FROM jsonb_to_recordset($2::jsonb) AS n ${RECORD}
     WHERE m.community_id = $1 AND m.subject = n.subject`,
    [communityId, records(members)],
  );
  await tx.wrote('memberships', members.length);
}

/**
 * An address that was replaced no longer speaks for the person, unless another membership uses it, or they
 * have proven it: what somebody proved of themselves is theirs to take away.
 */
async function forgetAddresses(tx: Transaction, members: readonly SettledMember[]): Promise<void> {
  const old = members
    .map(({ before }) => before as MemberRow)
    .filter(({ email }) => email !== null);
  await tx.query(
    `DELETE FROM person_emails e USING unnest($1::uuid[], $2::text[]) AS gone (person, address)
     WHERE e.person_id = gone.person AND e.address = gone.address AND NOT ${PROVEN}
       AND NOT EXISTS (SELECT FROM memberships m WHERE m.person_id = e.person_id AND m.email = e.address)`,
    [old.map(({ personId }) => personId), old.map(({ email }) => email)],
  );
}
