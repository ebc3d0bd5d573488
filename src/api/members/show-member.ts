import type { z } from 'zod';
import { NotFoundError } from '../../domain/errors.ts';
import { groupNamesOf } from '../../domain/groups/named-groups.ts';
import { findBySubject, type Membership } from '../../domain/memberships/membership-store.ts';
import type { Queryable } from '../../platform/database/database.ts';
import { told } from '../routing/fields.ts';
import type { member } from './schema.ts';

type ShownMember = z.output<typeof member>;

/** A person's id ties memberships of several communities together: it stays inside. */
function shown(
  { personId: _, displayName, statusReason: __, origin: ___, ...row }: Membership,
  groups: string[],
): ShownMember {
  const { subject, username, createdAt, updatedAt, ...rest } = row;
  return {
    subject,
    username,
    name: displayName,
    ...rest,
    groups,
    createdAt: told(createdAt),
    updatedAt: told(updatedAt),
  };
}

export async function showMembers(
  db: Queryable,
  communityId: string,
  members: readonly Membership[],
): Promise<ShownMember[]> {
  const subjects = members.map(({ subject }) => subject);
  const groups = await groupNamesOf(db, communityId, subjects);
  return members.map((row) => shown(row, groups.get(row.subject) ?? []));
}

/** @throws NotFoundError when the member is not of this community */
export async function showMember(
  db: Queryable,
  communityId: string,
  subject: string,
): Promise<ShownMember> {
  const row = await findBySubject(db, communityId, subject);
  if (row === undefined) throw new NotFoundError('member');
  return (await showMembers(db, communityId, [row]))[0] as ShownMember;
}
