import type { Logger } from 'pino';
import type { PasswordChecks, Passwords } from '../../../domain/people/passwords.ts';
import type { Database } from '../../../platform/database/database.ts';
import { BusyError } from '../../../platform/errors/busy-error.ts';
import { networkOf } from '../../../platform/throttles/network.ts';
import type { RefusalPace } from '../../../platform/throttles/refusal-pace.ts';
import type { Attempt, SignInThrottle } from '../../../platform/throttles/sign-in-throttle.ts';
import { mayUse } from '../directory/access-rule.ts';
import type { Service } from '../directory/directory.ts';
import type { Connection } from '../handler.ts';
import { LdapError, RESULT } from '../protocol/result.ts';
import { attemptOf, communityOf, recordRefusal } from './bind-attempt.ts';
import { meaningOfDomain } from './domain-errors.ts';
import { findPrincipal, type Principal } from './find-principal.ts';
import { checkAppPassword, checkOwnPassword } from './person-secret.ts';
import { createProvenSecrets } from './proven-secrets.ts';
import { createRepeats } from './repeats.ts';
import { type Identity, identityHolds, type Session, type Tree } from './session.ts';
import { appOf, type ReaderOf, serviceOf } from './through-app.ts';

export type BindParts = {
  tree: Tree;
  database: Database;
  /** For the messages that a change sends. */
  hubUrl: URL;
  throttle: SignInThrottle;
  passwords: Passwords;
  /** Of refusals. */
  pace: RefusalPace;
  log: Logger;
  memory: BindMemory;
  /** Resolves when this process knows of every change that was committed before. */
  settle(): Promise<void>;
};

/** What this process remembers of binds; it can forget all of it at any time. */
export type BindMemory = ReturnType<typeof createBindMemory>;

export function createBindMemory() {
  return {
    proven: createProvenSecrets(),
    repeats: createRepeats(),
    readerOf: new WeakMap() as ReaderOf,
  };
}

/**
 * Proves who binds: readers, people by an app password or their own, operators' readers. The throttles
 * are the web's (row 24). Unknown, disabled, throttled and malformed get the answer of a wrong password,
 * and take its time (row 23).
 * @throws LdapError `invalidCredentials`, or `unavailable` when the database is away
 */
export async function checkBind(
  name: string,
  password: Buffer,
  connection: Connection<Session>,
  parts: BindParts,
): Promise<Identity> {
  const { proven, readerOf } = parts.memory;
  try {
    const principal = await findPrincipal(name, parts.tree);
    const through = serviceOf(principal, readerOf.get(connection));
    const place = `${whoIs(name, principal, through)} ${networkOf(connection.ip)}`;
    const before = proven.find(place, password);
    const holds = before !== undefined && stillHolds(before, principal, through, parts.tree);
    if (!holds) proven.forget(place);
    const identity = holds
      ? before
      : await proven.together(place, password, () =>
          prove(name, principal, through, password, connection, parts),
        );
    // A proof that is used is not younger for it.
    if (!holds) proven.keep(place, password, identity);
    if (identity.kind === 'reader') readerOf.set(connection, identity);
    return identity;
  } catch (error) {
    if (error instanceof LdapError) throw error;
    if (error instanceof BusyError) throw meaningOfDomain(error);
    parts.log.error({ err: error }, 'a bind could not be checked');
    throw new LdapError(RESULT.unavailable, 'the database is away; try again later');
  }
}

async function prove(
  name: string,
  principal: Principal,
  through: Service | undefined,
  password: Buffer,
  connection: Connection<Session>,
  parts: BindParts,
): Promise<Identity> {
  const { throttle, memory, database } = parts;
  const { ip } = connection;
  const started = performance.now();
  if (principal.kind === 'person') {
    const identity = await checkAppPassword(database, principal, through, password);
    if (identity !== undefined) return identity;
  }
  const communityId = communityOf(principal);
  const app = await appOf(connection, communityId, { readerOf: memory.readerOf, throttle });
  const asker = app === undefined ? { network: networkOf(ip) } : { app: app.service ?? ip };
  const work = parts.passwords.enter({ communityId, ...asker });
  try {
    const attempt = await attemptOf(database, name, principal, { ip, app });
    return await proveWith(work, attempt, started, principal, through, password, parts);
  } finally {
    work.leave();
  }
}

async function proveWith(
  work: PasswordChecks,
  attempt: Attempt,
  started: number,
  principal: Principal,
  through: Service | undefined,
  password: Buffer,
  { throttle, memory, database, pace }: BindParts,
): Promise<Identity> {
  const allowance = await throttle.attempt(attempt);
  if (!allowance.allowed) {
    if (allowance.first) await recordRefusal(database, 'sign-in.throttled', principal);
    await pace.pretend(started);
    throw refused();
  }
  const identity = await checkSecret(work, principal, through, password, database);
  if (identity !== undefined) {
    await throttle.succeeded(attempt);
    if (identity.kind === 'reader') await throttle.appSucceeded(attempt);
    return identity;
  }
  if ('besieged' in allowance && allowance.besieged.first) {
    await recordRefusal(database, 'sign-in.throttled', principal);
  }
  // The same wrong password again is no other failure of the person's (row 24).
  const who = [attempt.communityId, attempt.account, attempt.app?.service ?? attempt.ip].join(' ');
  if (memory.repeats.isRepeat(who, password)) await throttle.uncount(attempt);
  else await recordRefusal(database, 'sign-in.failed', principal);
  await pace.keep(started);
  throw refused();
}

/** One and the same answer for whatever is wrong. */
function refused(): LdapError {
  return new LdapError(RESULT.invalidCredentials, 'the name or the password is wrong');
}

/** Costs one Argon2 whenever it says no. */
async function checkSecret(
  work: PasswordChecks,
  principal: Principal,
  through: Service | undefined,
  password: Buffer,
  database: Database,
): Promise<Identity | undefined> {
  if (principal.kind === 'person') {
    return checkOwnPassword(database, work, principal, through, password);
  }
  const hash = principal.kind === 'nobody' ? undefined : principal.hash;
  const { matches } = await work.check(hash, password.toString('utf8'));
  if (!matches || principal.kind === 'nobody') return undefined;
  if (principal.kind === 'operator') {
    return { kind: 'operator', name: principal.name, hash: principal.hash };
  }
  const { directory, service } = principal;
  const { communityId } = directory;
  return { kind: 'reader', communityId, serviceId: service.id, hash: principal.hash };
}

/** Names that lead nowhere are told apart, as those that lead somewhere are (row 23). */
function whoIs(name: string, principal: Principal, through: Service | undefined): string {
  switch (principal.kind) {
    case 'person':
      return `person ${principal.person.subject} ${through?.id}`;
    case 'reader':
      return `reader ${principal.service.id}`;
    case 'operator':
      return `operator ${principal.name}`;
    case 'nobody':
      return `nobody ${name}`;
  }
}

/** Whether what was proven before is true of today's directory (row 25). */
function stillHolds(
  identity: Identity,
  principal: Principal,
  through: Service | undefined,
  tree: Tree,
): boolean {
  if (principal.kind === 'nobody') return false;
  if (principal.kind === 'operator')
    return identity.kind === 'operator' && identity.hash === principal.hash;
  if (
    principal.kind === 'person' &&
    through !== undefined &&
    !mayUse(through.rule, principal.person)
  ) {
    return false;
  }
  return identityHolds(identity, principal.directory, tree);
}
