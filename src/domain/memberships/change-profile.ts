import type { Transaction } from '../../platform/database/database.ts';
import type { Actor } from '../../platform/events/record-event.ts';
import type { Locale } from '../../platform/i18n/locale.ts';
import type { MemberValues } from './member-change.ts';
import { saveMembers } from './save-members.ts';

/** What members say of themselves; null where they say nothing. */
export type Profile = Pick<
  MemberValues,
  'displayName' | 'givenName' | 'familyName' | 'nickname' | 'pronouns'
>;

/** Languages and times of a member: in this community, and for what the hub itself writes to them. */
export type Preferences = { locale: Locale; zoneinfo: string };

/**
 * Changes what a member says of themselves.
 * @returns whether that changed anything
 * @throws NotFoundError when the member is not of this community
 * @throws RefusedError `name-shape`: see `displayNameFault`
 */
export function changeProfile(
  tx: Transaction,
  communityId: string,
  subject: string,
  { displayName, givenName, familyName, nickname, pronouns }: Profile,
  actor: Actor,
): Promise<boolean> {
  const names = { displayName, givenName, familyName, nickname, pronouns };
  return change(tx, communityId, { subject, ...names }, actor);
}

/**
 * Sets a member's language and time zone; the language is the person's from then on, too: it is they who say it.
 * @throws NotFoundError when the member is not of this community
 */
export async function changePreferences(
  tx: Transaction,
  communityId: string,
  subject: string,
  { locale, zoneinfo }: Preferences,
  actor: Actor,
): Promise<boolean> {
  const changed = await change(tx, communityId, { subject, locale, zoneinfo }, actor);
  await tx.query(
    `UPDATE persons p SET locale = $3 FROM memberships m
     WHERE m.community_id = $1 AND m.subject = $2 AND p.id = m.person_id AND p.locale IS DISTINCT FROM $3`,
    [communityId, subject, locale],
  );
  return changed;
}

async function change(
  tx: Transaction,
  communityId: string,
  member: Partial<MemberValues> & { subject: string },
  actor: Actor,
): Promise<boolean> {
  const place = { id: communityId, issuerUrl: undefined };
  const [saved] = await saveMembers(tx, place, [member], actor);
  return saved?.changed.length !== 0;
}
