import type { Queryable, Transaction } from '../../platform/database/database.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import type { Locale } from '../../platform/i18n/locale.ts';
import { PROVEN } from '../address-standing.ts';
import { releaseAddress, standingOf } from '../addresses/release-address.ts';
import type { Community } from '../communities/community.ts';
import { RefusedError } from '../errors.ts';
import { recordUse, useInvitation } from '../invitations/use-invitation.ts';
import { spendLink } from '../links/link-store.ts';
import type { Status } from '../memberships/membership-store.ts';
import { notifyMember } from '../notices/notify-member.ts';
import { addNewcomer } from '../registration/add-newcomer.ts';
import { tellAdminsOfRequest } from '../registration/messages.ts';
import type { Newcomer } from '../registration/newcomer.ts';
import type { Way } from './join-link.ts';

/** What a person has in a community already. */
export async function standingIn(
  db: Queryable,
  communityId: string,
  personId: string,
): Promise<Status | undefined> {
  const [row] = await db.query<{ status: Status }>(
    'SELECT status FROM memberships WHERE community_id = $1 AND person_id = $2',
    [communityId, personId],
  );
  return row?.status;
}

export type Addresses = {
  /** Those that the person has proven. */
  proven: string[];
  /** Those of them with which the community would take them. */
  free: string[];
};

/**
 * The person's own addresses. One that another member of the community has does not let them in, nor, but by
 * an invitation, one that was refused there lately: it is as in registration.
 */
export async function addressesFor(
  db: Queryable,
  communityId: string,
  personId: string,
  { invitation }: Pick<Way, 'invitation'>,
): Promise<Addresses> {
  const rows = await db.query<{ address: string }>(
    `SELECT e.address FROM person_emails e WHERE e.person_id = $1 AND ${PROVEN}
     ORDER BY e.created_at, e.address`,
    [personId],
  );
  const proven = rows.map(({ address }) => address);
  const free: string[] = [];
  for (const address of proven) {
    const standing = await standingOf(db, communityId, address);
    const isFree = standing === 'free' || (standing === 'refused' && invitation !== undefined);
    if (isFree) free.push(address);
  }
  return { proven, free };
}

type Joining = {
  personId: string;
  newcomer: Newcomer;
  /** One of the person's addresses that `addressesFor` calls free. */
  email: string;
  locale: Locale;
};

/**
 * Makes the membership of a person who is known, and uses the link up. Nothing of where they came from is
 * told to the community, nor the other way about: the events are this community's alone.
 * @returns undefined when the link or the invitation is over, or they are there already
 * @throws UsernameFaultError, RefusedError `email-taken`
 */
export async function joinCommunity(
  tx: Transaction,
  community: Community,
  { way, token }: { way: Way; token: string },
  { personId, newcomer, email, locale }: Joining,
): Promise<string | undefined> {
  const communityId = community.id;
  const { issuerUrl, invitation } = way;
  if ((await spendLink(tx, communityId, 'join', token)) === undefined) return undefined;
  // Of two ways in at once, one makes the membership.
  await tx.query('SELECT 1 FROM persons WHERE id = $1 FOR NO KEY UPDATE', [personId]);
  if ((await standingIn(tx, communityId, personId)) !== undefined) return undefined;
  const given =
    invitation === undefined ? undefined : await useInvitation(tx, communityId, invitation);
  if (invitation !== undefined && given === undefined) return undefined;
  const { free } = await addressesFor(tx, communityId, personId, way);
  if (!free.includes(email)) throw new RefusedError('email-taken', 'the address is not to be had');
  await releaseAddress(tx, communityId, email);
  const subject = await addNewcomer(tx, communityId, newcomer, {
    status: way.status,
    personId,
    locale,
    provenEmail: email,
    ...(given !== undefined && { role: given.role, groupIds: given.groupIds }),
  });
  if (given !== undefined) await recordUse(tx, communityId, given, subject);
  const isMember = way.status === 'active';
  const type = isMember ? 'member.joined' : 'member.requested';
  await recordEvents(tx, [{ communityId, type, actor: `member:${subject}`, subject }]);
  if (isMember) {
    const data = { username: newcomer.username };
    await notifyMember(tx, { communityId, subject, issuerUrl, template: 'joined', data });
  } else {
    await tellAdminsOfRequest(tx, { community, issuerUrl, newcomer });
  }
  return subject;
}
