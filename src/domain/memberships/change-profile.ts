import type { Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import type { Locale } from '../../platform/i18n/locale.ts';
import { NotFoundError } from '../errors.ts';

/** What members say of themselves; null where they say nothing. */
export type Profile = {
  displayName: string;
  givenName: string | null;
  familyName: string | null;
  nickname: string | null;
  pronouns: string | null;
};

/** Languages and times of a member: in this community, and for what the hub itself writes to them. */
export type Preferences = { locale: Locale; zoneinfo: string };

type Column = [column: string, value: string | null];

/**
 * Changes what a member says of themselves.
 * @param profile checked: see `displayNameFault`
 * @returns whether that changed anything
 * @throws NotFoundError when the member is not of this community
 */
export function changeProfile(
  tx: Transaction,
  communityId: string,
  subject: string,
  profile: Profile,
  actor: Actor,
): Promise<boolean> {
  return change(tx, communityId, subject, actor, [
    ['display_name', profile.displayName],
    ['given_name', profile.givenName],
    ['family_name', profile.familyName],
    ['nickname', profile.nickname],
    ['pronouns', profile.pronouns],
  ]);
}

/**
 * Sets a member's language and time zone; the language is the person's from then on, too.
 * @throws NotFoundError when the member is not of this community
 */
export async function changePreferences(
  tx: Transaction,
  communityId: string,
  subject: string,
  { locale, zoneinfo }: Preferences,
  actor: Actor,
): Promise<boolean> {
  await tx.query(
    `UPDATE persons p SET locale = $3 FROM memberships m
     WHERE m.community_id = $1 AND m.subject = $2 AND p.id = m.person_id AND p.locale IS DISTINCT FROM $3`,
    [communityId, subject, locale],
  );
  return change(tx, communityId, subject, actor, [
    ['locale', locale],
    ['zoneinfo', zoneinfo],
  ]);
}

async function change(
  tx: Transaction,
  communityId: string,
  subject: string,
  actor: Actor,
  columns: Column[],
): Promise<boolean> {
  const names = columns.map(([column]) => column);
  const [before] = await tx.query<Record<string, string | null>>(
    `SELECT ${names.join(', ')} FROM memberships
     WHERE community_id = $1 AND subject = $2 FOR NO KEY UPDATE`,
    [communityId, subject],
  );
  if (before === undefined) throw new NotFoundError('member');
  const fields = columns
    .filter(([column, value]) => before[column] !== value)
    .map(([name]) => name);
  if (fields.length === 0) return false;
  const places = names.map((column, index) => `${column} = $${index + 3}`);
  await tx.query(
    `UPDATE memberships SET ${places.join(', ')}, updated_at = now()
     WHERE community_id = $1 AND subject = $2`,
    [communityId, subject, ...columns.map(([, value]) => value)],
  );
  // Which fields, not what is in them: people may wish that what they took back is forgotten.
  await recordEvents(tx, [
    { communityId, type: 'member.updated', actor, subject, details: { fields } },
  ]);
  return true;
}
