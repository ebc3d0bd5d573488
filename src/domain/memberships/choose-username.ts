import type { Queryable, Transaction } from '../../platform/database/database.ts';
import { nameKey, usernameFault } from '../../platform/text/names.ts';
import { normalForm } from '../../platform/text/normal-form.ts';
import { lookalikePatterns, mixesScripts, skeletons } from './confusable.ts';

/** Why somebody may not take a username, as a key of the messages' catalogue (`username.fault.KEY`). */
export type UsernameFault =
  | 'missing'
  | 'shape'
  | 'reserved'
  | 'mixed-scripts'
  | 'taken'
  | 'lookalike';

/**
 * Names that would pass for the community's own voice or for the hub's. Compared without accents,
 * separators and numbers at the end: "Modérateur-2" is one of them.
 */
const RESERVED = [
  'abuse',
  'accueil',
  'admin',
  'administrateur',
  'administration',
  'administrator',
  'administratrice',
  'aide',
  'anonymous',
  'bot',
  'bureau',
  'communaute',
  'community',
  'contact',
  'daemon',
  'direction',
  'equipe',
  'everyone',
  'guest',
  'help',
  'helpdesk',
  'hostmaster',
  'hub',
  'info',
  'moderateur',
  'moderation',
  'moderator',
  'moderatrice',
  'modo',
  'noreply',
  'nobody',
  'official',
  'officiel',
  'operateur',
  'operator',
  'operatrice',
  'owner',
  'password',
  'postmaster',
  'root',
  'securite',
  'security',
  'staff',
  'superuser',
  'support',
  'sysadmin',
  'system',
  'systeme',
  'team',
  'tous',
  'trousseau',
  'webmaster',
];
const RESERVED_SKELETONS = new Set(RESERVED.flatMap((name) => skeletons(name, name)));

/** What can be said of a name that somebody chooses without looking at who is there. */
export function chosenNameFault(username: string): UsernameFault | undefined {
  if (username === '') return 'missing';
  const fault = usernameFault(username);
  if (fault !== undefined) return fault;
  if (mixesScripts(username)) return 'mixed-scripts';
  return passesForAnOffice(username) ? 'reserved' : undefined;
}

function passesForAnOffice(username: string): boolean {
  const bare = (name: string) => normalForm(name, 'NFD').replace(/[\p{M}._-]/gu, '');
  const names = [username, username.replace(/\p{Nd}+$/u, '')];
  return names.some((name) =>
    skeletons(bare(name), bare(nameKey(name))).some((skeleton) => RESERVED_SKELETONS.has(skeleton)),
  );
}

/**
 * Why a name cannot be given to somebody who chooses it, be it that another has it or one that looks the
 * same. Two who choose at once take turns, until their transactions end.
 * @param subject of a member whose own name does not stand in the way
 */
export async function takeUsername(
  tx: Transaction,
  communityId: string,
  username: string,
  subject?: string,
): Promise<UsernameFault | undefined> {
  const fault = chosenNameFault(username);
  if (fault !== undefined) return fault;
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('usernames:' || $1, 0))`, [
    communityId,
  ]);
  const other = await findLookalike(tx, communityId, username, subject);
  if (other === undefined) return undefined;
  return nameKey(other) === nameKey(username) ? 'taken' : 'lookalike';
}

/** The username of another member, whatever their status, that a reader would take for this one. */
export async function findLookalike(
  db: Queryable,
  communityId: string,
  username: string,
  subject?: string,
): Promise<string | undefined> {
  const key = nameKey(username);
  const { folded, typed } = lookalikePatterns(skeletons(username, key));
  const [row] = await db.query<{ username: string }>(
    `SELECT username FROM memberships WHERE community_id = $1 AND subject IS DISTINCT FROM $5::uuid
       AND (username_key = $2 OR username_key ~ $3 OR (username <> username_key AND username ~ $4))
     ORDER BY username_key = $2 DESC LIMIT 1`,
    [communityId, key, folded, typed, subject ?? null],
  );
  return row?.username;
}

/** A username for somebody of whom nothing is known but their address; empty when it gives none. */
export function suggestUsername(email: string): string {
  const local = (email.split('@')[0] ?? '').split('+')[0] ?? '';
  const name = normalForm(local, 'NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{Nd}._-]+/gu, '-')
    .slice(0, 64)
    .replace(/^[^\p{L}\p{Nd}]+|[^\p{L}\p{Nd}]+$/gu, '');
  return chosenNameFault(name) === undefined ? name : '';
}
