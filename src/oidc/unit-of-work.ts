import { AsyncLocalStorage } from 'node:async_hooks';
import type { Queryable } from '../database/database.ts';
import type { AuditEvent } from '../events/record-event.ts';
import type { Member } from '../memberships/member.ts';
import type { OutboxMessage } from '../outbox/outbox.ts';
import {
  readArtifact,
  readByUserCode,
  readConsent,
  readMember,
  readSession,
  readSessionByUid,
  type StoredRead,
} from './oidc-reads.ts';
import { type Changes, type ConsentWrite, revokeGrant, writeChanges } from './oidc-writes.ts';
import type { RequestContext } from './request-context.ts';

export type Payload = Record<string, unknown>;

/** Where the request came from, kept with the sessions it opens. */
export type RequestOrigin = { ip: string | undefined; userAgent: string | undefined };

type UnitOptions = { db: Queryable; communityId: string; issuer: string; origin: RequestOrigin };

/**
 * What one request reads and writes of sign-in state. Reads fetch, in one statement, all that the
 * protocol will ask for next (a code with its grant, session and member); writes are gathered and
 * stored in one statement before the response leaves, all or nothing: a process killed in between
 * has changed nothing, and a code that two requests redeem at once is redeemed by one of them.
 */
export class UnitOfWork {
  readonly communityId: string;
  readonly #db: Queryable;
  readonly #changes: Changes;
  /** Payloads as JSON where they were written here, as objects where they were read. */
  readonly #known = new Map<string, Payload | string | undefined>();
  readonly #readFromDatabase = new Set<string>();
  readonly #knownMembers = new Map<string, Member | undefined>();
  /** What sessions held when they were read, by uid: what the request changes is told from it. */
  readonly #sessionsRead = new Map<
    string,
    { id: string; authorizations: Record<string, unknown> }
  >();

  constructor({ db, communityId, issuer, origin }: UnitOptions) {
    this.#db = db;
    this.communityId = communityId;
    this.#changes = {
      communityId,
      issuer,
      origin,
      artifacts: new Map(),
      consumed: new Map(),
      destroyed: new Map(),
      revokedGrants: new Set(),
      openedSessions: new Map(),
      updatedSessions: new Map(),
      closedSessions: new Set(),
      consents: new Map(),
      events: [],
      messages: [],
      credential: undefined,
    };
  }

  async find(kind: string, id: string, clientId?: string): Promise<Payload | undefined> {
    const key = `${kind}:${id}`;
    if (!this.#known.has(key)) {
      const read =
        kind === 'Session'
          ? await readSession(this.#db, this.communityId, id, clientId)
          : await readArtifact(this.#db, this.communityId, kind, id);
      this.#remember(kind, id, read);
    }
    return this.#recall(key);
  }

  async findSessionByUid(uid: string): Promise<Payload | undefined> {
    const key = `SessionUid:${uid}`;
    if (!this.#known.has(key)) {
      this.#known.set(key, await readSessionByUid(this.#db, this.communityId, uid));
    }
    return this.#recall(key);
  }

  async findByUserCode(userCode: string): Promise<Payload | undefined> {
    return readByUserCode(this.#db, this.communityId, userCode);
  }

  /** The member of a subject, as it is now: read once a request. */
  async member(subject: string): Promise<Member | undefined> {
    if (!this.#knownMembers.has(subject)) {
      this.#knownMembers.set(subject, await readMember(this.#db, this.communityId, subject));
    }
    return this.#knownMembers.get(subject);
  }

  upsert(kind: string, id: string, payload: Payload, expiresIn: number | undefined): void {
    const json = JSON.stringify({ ...payload, jti: undefined });
    this.#known.set(`${kind}:${id}`, JSON.stringify(payload));
    if (kind === 'Session') {
      this.#saveSession(id, payload);
    } else {
      this.#changes.artifacts.set(`${kind}:${id}`, { kind, id, json, payload, expiresIn });
      this.#changes.destroyed.delete(`${kind}:${id}`);
    }
  }

  consume(kind: string, id: string): void {
    this.#changes.consumed.set(`${kind}:${id}`, { kind, id });
  }

  destroy(kind: string, id: string): void {
    this.#known.set(`${kind}:${id}`, undefined);
    if (kind === 'Session') {
      const read = [...this.#sessionsRead.entries()].find(([, session]) => session.id === id);
      if (read !== undefined) this.#changes.closedSessions.add(read[0]);
      return;
    }
    // What was made in this very request leaves no trace.
    if (this.#changes.artifacts.delete(`${kind}:${id}`) && !this.#wasRead(kind, id)) return;
    this.#changes.destroyed.set(`${kind}:${id}`, { kind, id });
  }

  /** Ends all that a grant gave: codes, tokens and the grant itself. */
  revokeGrant(grantId: string): void {
    this.#changes.revokedGrants.add(grantId);
    for (const [key, { payload }] of this.#changes.artifacts) {
      if (payload.grantId === grantId) this.#changes.artifacts.delete(key);
    }
    for (const [key, { kind }] of this.#changes.consumed) {
      if (kind !== 'PushedAuthorizationRequest') this.#changes.consumed.delete(key);
    }
  }

  consent(consent: ConsentWrite): void {
    this.#changes.consents.set(`${consent.serviceId}:${consent.subject}`, consent);
  }

  record(event: Omit<AuditEvent, 'communityId'>): void {
    this.#changes.events.push(event);
  }

  send(message: OutboxMessage): void {
    this.#changes.messages.push(message);
  }

  /** The changes rest on this password: they are refused if it was changed or the member suspended meanwhile. */
  restOn(credential: { subject: string; passwordHash: string }): void {
    this.#changes.credential = credential;
  }

  /** What the member agreed to give to a service before; undefined when never asked. */
  async consentFor(serviceId: string, subject: string): Promise<ConsentWrite | undefined> {
    return readConsent(this.#db, this.communityId, serviceId, subject);
  }

  /** Ends what a grant gave, outside of the request's own changes: after a code or token was used twice. */
  async revokeGrantNow(grantId: string): Promise<void> {
    await revokeGrant(this.#db, this.communityId, grantId);
  }

  /**
   * Stores what the request changed, in one statement.
   * @throws UsedUpError when something that the request used up was no longer there
   */
  async flush(): Promise<void> {
    await writeChanges(this.#db, this.#changes);
  }

  #recall(key: string): Payload | undefined {
    const known = this.#known.get(key);
    return typeof known === 'string' ? JSON.parse(known) : known;
  }

  #wasRead(kind: string, id: string): boolean {
    return this.#readFromDatabase.has(`${kind}:${id}`);
  }

  #remember(kind: string, id: string, read: StoredRead | undefined): void {
    this.#known.set(`${kind}:${id}`, read?.payload);
    if (read === undefined) return;
    this.#readFromDatabase.add(`${kind}:${id}`);
    if (kind === 'Session') {
      const { uid, authorizations } = read.payload as {
        uid: string;
        authorizations?: Record<string, unknown>;
      };
      this.#sessionsRead.set(uid, { id, authorizations: structuredClone(authorizations ?? {}) });
    }
    if (read.grant != null) this.#known.set(`Grant:${read.grant.jti as string}`, read.grant);
    if (read.session !== undefined)
      this.#known.set(`SessionUid:${read.sessionUid}`, read.session ?? undefined);
    if (read.member !== undefined && read.subject != null)
      this.#knownMembers.set(read.subject, read.member ?? undefined);
  }

  #saveSession(id: string, payload: Payload): void {
    const uid = payload.uid as string;
    const read = this.#sessionsRead.get(uid);
    if (read === undefined) {
      this.#changes.openedSessions.set(uid, { id, payload });
    } else {
      // A session that was told to end with its old identifier goes on under a new one.
      this.#changes.closedSessions.delete(uid);
      this.#changes.updatedSessions.set(uid, {
        id,
        authorizationsBefore: read.authorizations,
        payload,
      });
    }
  }
}

/** What an ongoing request carries along to the provider's adapter and callbacks. */
export type RequestScope = { unit: UnitOfWork; context: RequestContext };

const current = new AsyncLocalStorage<RequestScope>();

/** Runs a request's work in its scope. */
export function runInScope<Result>(
  scope: RequestScope,
  work: () => Promise<Result>,
): Promise<Result> {
  return current.run(scope, work);
}

/** The scope of the request at hand. */
export function currentScope(): RequestScope {
  const scope = current.getStore();
  if (scope === undefined)
    throw new Error('sign-in state is only read and written within a request');
  return scope;
}

export function currentUnit(): UnitOfWork {
  return currentScope().unit;
}
