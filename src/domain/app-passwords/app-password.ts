import { hash, randomInt } from 'node:crypto';
import type { Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import { NotFoundError, RefusedError } from '../errors.ts';
import { lockMembership } from '../memberships/membership-store.ts';

/** Lower-case letters and digits that are told apart when read aloud or copied by hand: 5 bits each. */
const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';
const GROUPS = 7;
const GROUP_LENGTH = 4;
const SHAPE = new RegExp(`^[${ALPHABET}]{${GROUPS * GROUP_LENGTH}}$`);
/** Longer than anything that was typed from one of ours. */
const MAX_TYPED = 200;

/** A secret of 140 random bits, in seven groups of four: `xxxx-xxxx-…`. */
export function generateAppPassword(): string {
  const letter = () => ALPHABET[randomInt(ALPHABET.length)];
  const group = () => Array.from({ length: GROUP_LENGTH }, letter).join('');
  return Array.from({ length: GROUPS }, group).join('-');
}

/**
 * What the database keeps of an app password: SHA-256 is enough for 140 random bits. However it was
 * typed (capitals, spaces, other dashes or none), the hash is the same.
 * @returns undefined for what none of ours can be
 */
export function appPasswordHash(typed: string): Buffer | undefined {
  if (typed.length > MAX_TYPED) return undefined;
  const secret = typed.replaceAll(/[\s\p{Pd}]/gu, '').toLowerCase();
  return SHAPE.test(secret) ? hash('sha256', secret, 'buffer') : undefined;
}

/** A member has this many devices at the most; a program that makes one at each start is stopped here. */
export const APP_PASSWORDS_MAX = 100;
const NAME_MAX = 100;

export type NewAppPassword = { subject: string; serviceId: string; name: string };

/**
 * Makes a password with which a member binds for one service, as long as they may use it. It goes on
 * working when they change their own password (docs/decisions/0011-app-passwords.md).
 * @returns the secret, which is kept as a hash only: this is the one time that it can be read
 * @throws NotFoundError when the member or the service is not of this community
 * @throws RefusedError `app-password-name`, `too-many-app-passwords`, or `state` for one who is not active
 */
export async function createAppPassword(
  tx: Transaction,
  communityId: string,
  { subject, serviceId, name }: NewAppPassword,
  actor: Actor,
): Promise<{ id: string; secret: string }> {
  const member = await lockMembership(tx, communityId, subject);
  if (member === undefined) throw new NotFoundError('member');
  await requireService(tx, communityId, serviceId);
  if (member.status !== 'active') {
    throw new RefusedError('state', `the membership of "${member.username}" is ${member.status}`);
  }
  const label = requireName(name);
  await requireRoom(tx, communityId, subject);
  const secret = generateAppPassword();
  const [row] = await tx.query<{ id: string }>(
    `INSERT INTO app_passwords (community_id, service_id, subject, name, secret_hash)
     VALUES ($1, $2, $3, $4, $5) RETURNING id`,
    [communityId, serviceId, subject, label, appPasswordHash(secret)],
  );
  const id = row?.id as string;
  const details = { id, name: label };
  await recordEvents(tx, [
    { communityId, type: 'app-password.created', actor, subject, serviceId, details },
  ]);
  return { id, secret };
}

/**
 * Ends an app password: the next bind with it is refused, and so is the next search on a connection
 * that was bound with it.
 * @throws NotFoundError when the member has none with this id in this community
 */
export async function revokeAppPassword(
  tx: Transaction,
  communityId: string,
  { subject, id }: { subject: string; id: string },
  actor: Actor,
): Promise<void> {
  const revoked = await remove(tx, communityId, subject, id, actor);
  if (revoked === 0) throw new NotFoundError('app password');
}

/**
 * Ends all of a member's app passwords, as one does when a device was stolen.
 * @returns how many they were
 */
export function revokeAppPasswords(
  tx: Transaction,
  communityId: string,
  subject: string,
  actor: Actor,
): Promise<number> {
  return remove(tx, communityId, subject, undefined, actor);
}

async function remove(
  tx: Transaction,
  communityId: string,
  subject: string,
  id: string | undefined,
  actor: Actor,
): Promise<number> {
  const rows = await tx.query<{ id: string; name: string; serviceId: string }>(
    `DELETE FROM app_passwords WHERE community_id = $1 AND subject = $2 AND ($3::uuid IS NULL OR id = $3)
     RETURNING id, name, service_id AS "serviceId"`,
    [communityId, subject, id ?? null],
  );
  await recordEvents(
    tx,
    rows.map(({ serviceId, ...details }) => ({
      communityId,
      type: 'app-password.revoked',
      actor,
      subject,
      serviceId,
      details,
    })),
  );
  return rows.length;
}

async function requireService(tx: Transaction, communityId: string, id: string): Promise<void> {
  const [service] = await tx.query(
    'SELECT 1 FROM services WHERE community_id = $1 AND id = $2 FOR KEY SHARE',
    [communityId, id],
  );
  if (service === undefined) throw new NotFoundError('service');
}

function requireName(name: string): string {
  const label = name.trim();
  if (label === '' || [...label].length > NAME_MAX || /\p{Cc}/u.test(label)) {
    throw new RefusedError(
      'app-password-name',
      `an app password's name is one line of 1 to ${NAME_MAX} characters`,
    );
  }
  return label;
}

async function requireRoom(tx: Transaction, communityId: string, subject: string): Promise<void> {
  const [row] = await tx.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM app_passwords WHERE community_id = $1 AND subject = $2',
    [communityId, subject],
  );
  if ((row?.count ?? 0) >= APP_PASSWORDS_MAX) {
    throw new RefusedError(
      'too-many-app-passwords',
      `there are ${APP_PASSWORDS_MAX} app passwords already: revoke some that are no longer used`,
    );
  }
}
