import { appPasswordHash } from '../../../domain/app-passwords/app-password.ts';
import { isActive } from '../../../domain/membership-standing.ts';
import type { PasswordChecks } from '../../../domain/people/passwords.ts';
import { provePassword } from '../../../domain/people/prove-password.ts';
import type { Database } from '../../../platform/database/database.ts';
import { mayUse } from '../directory/access-rule.ts';
import { findService, type Service } from '../directory/directory.ts';
import type { Principal } from './find-principal.ts';
import { mayUseOwnPassword } from './own-password.ts';
import type { Identity } from './session.ts';

type Person = Extract<Principal, { kind: 'person' }>;

/**
 * Checks an app password, of a service that the person may use. It has 140 random bits: nobody guesses one, so that
 * it is looked up whatever guessers do, and costs next to nothing.
 * @param through the service that asks, where the bind tells: no other's app password is good then
 */
export async function checkAppPassword(
  database: Database,
  { directory, person }: Person,
  through: Service | undefined,
  password: Buffer,
): Promise<Identity | undefined> {
  const hash = appPasswordHash(password.toString('utf8'));
  if (hash === undefined) return undefined;
  const { communityId } = directory;
  const { subject } = person;
  const [found] = await database.query<{ id: string; serviceId: string; isUnusedForLong: boolean }>(
    APP_PASSWORD,
    [communityId, subject, hash],
    'ldap-app-password',
  );
  if (found === undefined) return undefined;
  const { id: appPasswordId, serviceId } = found;
  if (through !== undefined && through.id !== serviceId) return undefined;
  const service = findService(directory, serviceId);
  if (service === undefined || !mayUse(service.rule, person)) return undefined;
  if (found.isUnusedForLong) await noteUse(database, communityId, appPasswordId);
  return { kind: 'person', communityId, subject, by: { appPasswordId, serviceId } };
}

const APP_PASSWORD = `SELECT w.id, w.service_id AS "serviceId",
    COALESCE(w.last_used_at < now() - interval '1 hour', true) AS "isUnusedForLong"
  FROM app_passwords w JOIN memberships m ON m.community_id = w.community_id AND m.subject = w.subject
  WHERE w.community_id = $1 AND w.subject = $2 AND w.secret_hash = $3 AND ${isActive('m')}`;

type Credentials = {
  personId: string;
  passwordHash: string | null;
  passwordChangedAt: number;
  secondFactor: boolean;
};

/**
 * Checks a person's own password, where the community allows it. Does the work of one hash whenever it says no.
 * @param through the service that asks, where the bind tells: they must be able to use it
 */
export async function checkOwnPassword(
  database: Database,
  passwords: PasswordChecks,
  { directory, person }: Person,
  through: Service | undefined,
  password: Buffer,
): Promise<Identity | undefined> {
  const { communityId } = directory;
  const { subject } = person;
  const [found] = await database.query<Credentials>(
    CREDENTIALS,
    [communityId, subject],
    'ldap-credentials',
  );
  const lets = through === undefined || mayUse(through.rule, person);
  // Asked of the database as well: a second factor that was added this instant counts.
  const alone = mayUseOwnPassword(directory, person) && found?.secondFactor === false;
  // Where people's own passwords are not taken, they cost what wrong ones cost.
  const own = found && { ...found, passwordHash: alone && lets ? found.passwordHash : null };
  const proven = await provePassword(database, passwords, own, password.toString('utf8'));
  if (proven === undefined || found === undefined) return undefined;
  const { passwordChangedAt } = found;
  return { kind: 'person', communityId, subject, by: { passwordChangedAt } };
}

const CREDENTIALS = `SELECT p.id AS "personId", p.password_hash AS "passwordHash",
    COALESCE(extract(epoch FROM p.password_changed_at)::float8, 0) AS "passwordChangedAt",
    has_second_factor(p.id) AS "secondFactor"
  FROM memberships m JOIN persons p ON p.id = m.person_id
  WHERE m.community_id = $1 AND m.subject = $2 AND ${isActive('m')}`;

/** Not at every bind: a write each time would cost more than the bind. */
async function noteUse(database: Database, communityId: string, id: string): Promise<void> {
  await database.query(
    'UPDATE app_passwords SET last_used_at = now() WHERE community_id = $1 AND id = $2',
    [communityId, id],
  );
}
