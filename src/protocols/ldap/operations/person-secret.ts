import { appPasswordHash } from '../../../domain/people/app-password.ts';
import type { PasswordChecks } from '../../../domain/people/passwords.ts';
import { provePassword } from '../../../domain/people/prove-password.ts';
import type { Database } from '../../../platform/database/database.ts';
import { mayUse } from '../directory/access-rule.ts';
import { findService, type Service } from '../directory/directory.ts';
import type { Principal } from './find-principal.ts';
import { mayUseOwnPassword } from './own-password.ts';
import type { Identity } from './session.ts';

type Credentials = {
  personId: string;
  passwordHash: string | null;
  passwordChangedAt: number;
  appPasswordId: string | null;
  serviceId: string | null;
  isUnusedForLong: boolean;
  secondFactor: boolean;
};

/**
 * Checks what a person binds with: an app password of a service that they may use, or their own password
 * where the community allows it. Costs one Argon2 whenever it says no.
 * @param through the service that asks, where the bind tells: then they must be able to use it, and no
 *   other's app password is good
 */
export async function checkPersonSecret(
  database: Database,
  passwords: PasswordChecks,
  { directory, person }: Extract<Principal, { kind: 'person' }>,
  through: Service | undefined,
  password: Buffer,
): Promise<Identity | undefined> {
  const { communityId } = directory;
  const { subject } = person;
  const typed = password.toString('utf8');
  const [found] = await database.query<Credentials>(
    CREDENTIALS,
    [communityId, subject, appPasswordHash(typed) ?? null],
    'ldap-credentials',
  );
  const { appPasswordId, serviceId } = found ?? {};
  if (appPasswordId != null && serviceId != null && isGood(serviceId)) {
    if (found?.isUnusedForLong) await noteUse(database, communityId, appPasswordId);
    return { kind: 'person', communityId, subject, by: { appPasswordId, serviceId } };
  }
  // Where people's own passwords are not taken, they cost what wrong ones cost.
  const own = found && { personId: found.personId, passwordHash: ownHash() };
  const proven = await provePassword(database, passwords, own, typed);
  if (proven === undefined || found === undefined) return undefined;
  const { passwordChangedAt } = found;
  return { kind: 'person', communityId, subject, by: { passwordChangedAt } };

  function isGood(id: string): boolean {
    if (through !== undefined && through.id !== id) return false;
    const service = findService(directory, id);
    return service !== undefined && mayUse(service.rule, person);
  }

  function ownHash(): string | null {
    const lets = through === undefined || mayUse(through.rule, person);
    // Asked of the database as well: a second factor that was added this instant counts.
    const alone = mayUseOwnPassword(directory, person) && found?.secondFactor === false;
    return alone && lets ? found.passwordHash : null;
  }
}

const CREDENTIALS = `SELECT p.id AS "personId", p.password_hash AS "passwordHash",
    COALESCE(extract(epoch FROM p.password_changed_at)::float8, 0) AS "passwordChangedAt",
    has_second_factor(p.id) AS "secondFactor", w.id AS "appPasswordId", w.service_id AS "serviceId",
    COALESCE(w.last_used_at < now() - interval '1 hour', true) AS "isUnusedForLong"
  FROM memberships m JOIN persons p ON p.id = m.person_id
  LEFT JOIN app_passwords w
    ON w.community_id = m.community_id AND w.subject = m.subject AND w.secret_hash = $3
  WHERE m.community_id = $1 AND m.subject = $2 AND m.status = 'active'`;

/** Not at every bind: a write each time would cost more than the bind. */
async function noteUse(database: Database, communityId: string, id: string): Promise<void> {
  await database.query(
    'UPDATE app_passwords SET last_used_at = now() WHERE community_id = $1 AND id = $2',
    [communityId, id],
  );
}
