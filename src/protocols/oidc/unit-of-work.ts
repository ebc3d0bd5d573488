import { isDeepStrictEqual } from 'node:util';
import type { DoneStep } from '../../domain/done-steps/done-step-store.ts';
import type { Member } from '../../domain/memberships/member.ts';
import type { Credential } from '../../domain/sessions/authentication.ts';
import type { Queryable } from '../../platform/database/database.ts';
import type { AuditEvent, Told } from '../../platform/events/record-event.ts';
import type { CommunityMessage } from '../../platform/outbox/outbox.ts';
import {
  type Changes,
  type ConsentWrite,
  type Payload,
  type RequestOrigin,
  UsedUpError,
} from './changes.ts';
import type { Disclosure, DisclosureNotes } from './disclosure-notes.ts';
import type { AdmitRow } from './kept-requests.ts';
import {
  readArtifact,
  readByUserCode,
  readConsent,
  readMember,
  readSession,
  readSessionByUid,
  type StoredRead,
} from './oidc-reads.ts';
import { revokeGrant, updateSessions, writeChanges } from './oidc-writes.ts';
import { protocolDatabase } from './protocol-database.ts';
import type { SignInCache } from './sign-in-cache.ts';

type UnitOptions = {
  db: Queryable;
  cache: SignInCache;
  notes: DisclosureNotes;
  /** Whether this request uses codes and refresh tokens up: what is remembered of them counts only then. */
  redeems: boolean;
  communityId: string;
  issuer: string;
  origin: RequestOrigin;
  admitRow: AdmitRow;
};

/** A session as it was when the request came. */
type SessionBefore = { id: string; payload: Payload };

/** Seconds by which a session's end may move before it is written again, when nothing else changed. */
const SESSION_TOUCH = 600;

/**
 * What one request reads and writes of sign-in state. Reads fetch, in one statement, all that the
 * protocol will ask for next (a code with its grant, session and member); writes are gathered and
 * stored in one statement before the response leaves, all or nothing: a process killed in between
 * has changed nothing, and a code that two requests redeem at once is redeemed by one of them.
 */
export class UnitOfWork {
  readonly communityId: string;
  readonly redeems: boolean;
  #reusedGrant: string | undefined;
  readonly #db: Queryable;
  readonly #cache: SignInCache;
  readonly #notes: DisclosureNotes;
  readonly #admitRow: AdmitRow;
  readonly #changes: Changes;
  /** Payloads as JSON where they were written here, as objects where they were read. */
  readonly #known = new Map<string, Payload | string | undefined>();
  readonly #readFromDatabase = new Set<string>();
  readonly #knownMembers = new Map<string, Member | undefined>();
  /** What sessions held when they were read, by uid: what the request changes is told from it. */
  readonly #sessionsRead = new Map<string, SessionBefore>();

  /** Apps' requests that this one ended, as they were stored. */
  readonly #ended = new Map<string, Payload>();
  /** Of those, the ones that had ended before. */
  readonly #again = new Set<string>();
  #goesOnIn: string | undefined;

  constructor({ db, cache, notes, redeems, communityId, issuer, origin, admitRow }: UnitOptions) {
    this.#db = protocolDatabase(db);
    this.#cache = cache;
    this.#notes = notes;
    this.redeems = redeems;
    this.#admitRow = admitRow;
    this.communityId = communityId;
    this.#changes = {
      communityId,
      issuer,
      origin,
      artifacts: new Map(),
      consumed: new Map(),
      spent: new Map(),
      destroyed: new Map(),
      revokedGrants: new Set(),
      openedSessions: new Map(),
      updatedSessions: new Map(),
      closedSessions: new Set(),
      waiting: new Set(),
      consents: new Map(),
      disclosures: new Map(),
      events: [],
      messages: [],
      credential: undefined,
      pendingSignIn: undefined,
      doneStep: undefined,
    };
  }

  async find(kind: string, id: string): Promise<Payload | undefined> {
    const key = `${kind}:${id}`;
    if (!this.#known.has(key)) {
      const remembered = this.#rememberedElsewhere(kind, id);
      if (remembered !== undefined) this.#know(kind, id, { ...JSON.parse(remembered), jti: id });
      else await this.#read(kind, id);
    }
    return this.#recall(key);
  }

  #rememberedElsewhere(kind: string, id: string): string | undefined {
    if (kind === 'Session') return this.#cache.session(this.communityId, id);
    // That another process used it up is not announced; the statement that uses it up again finds out.
    if (!this.redeems && (kind === 'AuthorizationCode' || kind === 'RefreshToken'))
      return undefined;
    return this.#cache.payload(this.communityId, kind, id);
  }

  async findSessionByUid(uid: string): Promise<Payload | undefined> {
    const key = `SessionUid:${uid}`;
    if (!this.#known.has(key)) {
      const remembered = this.#cache.sessionByUid(this.communityId, uid);
      if (remembered !== undefined) {
        this.#known.set(key, JSON.parse(remembered));
      } else {
        const version = this.#cache.version();
        const payload = await readSessionByUid(this.#db, this.communityId, uid);
        this.#known.set(key, payload);
        if (payload !== undefined) this.#keepSession(version, uid, undefined, payload);
      }
    }
    return this.#recall(key);
  }

  async findByUserCode(userCode: string): Promise<Payload | undefined> {
    return readByUserCode(this.#db, this.communityId, userCode);
  }

  /** The member of a subject, as it is now: read once a request. */
  async member(subject: string): Promise<Member | undefined> {
    if (!this.#knownMembers.has(subject)) {
      let member = this.#cache.member(this.communityId, subject);
      if (member === undefined) {
        const version = this.#cache.version();
        member = await readMember(this.#db, this.communityId, subject);
        if (member !== undefined) this.#cache.keepMember(version, this.communityId, member);
      }
      this.#knownMembers.set(subject, member);
    }
    return this.#knownMembers.get(subject);
  }

  upsert(kind: string, id: string, payload: Payload, expiresIn: number | undefined): void {
    if (this.#again.has(id)) throw new UsedUpError('a request that was answered before');
    const json = JSON.stringify({ ...payload, jti: undefined });
    this.#known.set(`${kind}:${id}`, JSON.stringify(payload));
    if (kind === 'Session') {
      this.#saveSession(id, payload);
    } else {
      this.#changes.artifacts.set(`${kind}:${id}`, {
        kind,
        id,
        json,
        payload,
        expiresIn,
        replaces: this.#wasRead(kind, id),
      });
      this.#changes.destroyed.delete(`${kind}:${id}`);
    }
  }

  consume(kind: string, id: string): void {
    this.#changes.consumed.set(`${kind}:${id}`, { kind, id });
  }

  /** Uses up what leaves no trace. */
  spend(kind: string, id: string): void {
    this.#changes.spent.set(`${kind}:${id}`, { kind, id });
  }

  /** A refresh token of this grant came that had been used before. */
  noteReuse(grantId: string): void {
    this.#reusedGrant = grantId;
  }

  get reusedGrant(): string | undefined {
    return this.#reusedGrant;
  }

  destroy(kind: string, id: string): void {
    if (kind === 'Interaction') this.#ended.set(id, this.#recall(`${kind}:${id}`) ?? {});
    this.#known.set(`${kind}:${id}`, undefined);
    // What was taken up again has no row.
    if (this.#again.has(id)) return;
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
    for (const [key, { kind, payload }] of this.#changes.artifacts) {
      if (kind !== 'Interaction' && payload.grantId === grantId)
        this.#changes.artifacts.delete(key);
    }
    for (const [key, { kind }] of this.#changes.consumed) {
      if (kind !== 'PushedAuthorizationRequest') this.#changes.consumed.delete(key);
    }
    this.#changes.spent.clear();
  }

  consent(consent: ConsentWrite): void {
    this.#changes.consents.set(`${consent.serviceId}:${consent.subject}`, consent);
  }

  /** Notes what a service is given of a member, with the answer that gives it. */
  disclose(disclosure: Disclosure): void {
    if (this.#notes.isKnown(this.communityId, disclosure)) return;
    const { serviceId, subject, claims } = disclosure;
    const before = this.#changes.disclosures.get(`${serviceId}:${subject}`);
    this.#changes.disclosures.set(`${serviceId}:${subject}`, {
      serviceId,
      subject,
      claims: { ...before?.claims, ...claims },
    });
  }

  record(event: Told & Omit<AuditEvent, 'communityId' | 'type' | 'details'>): void {
    this.#changes.events.push({ ...event, communityId: this.communityId });
  }

  send(message: CommunityMessage): void {
    this.#changes.messages.push({ ...message, communityId: this.communityId });
  }

  /** Lets an app's request wait on: its visitor has just been heard of. */
  keepWaiting(uid: string): void {
    this.#changes.waiting.add(uid);
  }

  /** The changes rest on this: they are refused if it was changed or removed, or the member suspended, meanwhile. */
  requireCredential(credential: Credential): void {
    this.#changes.credential = credential;
  }

  /** Ends a sign-in that was on its way: the changes are refused if another request has ended it. */
  endPendingSignIn(tokenHash: Buffer): void {
    this.#changes.pendingSignIn = tokenHash;
  }

  /**
   * Notes what this browser does: the changes are refused if another request has noted it meanwhile.
   * @param replaced when it was done before, where that counts no more
   */
  noteDoneStep(done: DoneStep & { subject: string | undefined }, replaced?: string): void {
    this.#changes.doneStep = { ...done, replaced };
  }

  get database(): Queryable {
    return this.#db;
  }

  get doneStep(): (DoneStep & { subject: string | undefined }) | undefined {
    return this.#changes.doneStep;
  }

  /** An app's request that ends with this one, as it was stored. */
  endedRequest(uid: string): Payload | undefined {
    const ended = this.#ended.get(uid);
    return ended && { ...ended, jti: undefined };
  }

  /** Lets an app's request that has ended be answered once more within this one. */
  takeUpAgain(uid: string, payload: Payload): void {
    this.#again.add(uid);
    this.#known.set(`Interaction:${uid}`, { ...payload, jti: uid });
  }

  /** What is answered once more goes on in this session, and opens none. */
  goOnIn(sessionId: string): void {
    this.#goesOnIn = sessionId;
  }

  get goesOnIn(): string | undefined {
    return this.#goesOnIn;
  }

  /** What the member agreed to give to a service before; undefined when never asked. */
  async consentFor(serviceId: string, subject: string): Promise<ConsentWrite | undefined> {
    return readConsent(this.#db, this.communityId, serviceId, subject);
  }

  /** Ends what a grant gave, outside of the request's own changes: after a code or token was used twice. */
  async revokeGrantNow(grantId: string): Promise<void> {
    await revokeGrant(this.#db, this.communityId, grantId);
    this.#cache.forget(this.communityId, grantId);
  }

  /**
   * Stores what the request changed, in one statement.
   * @throws UsedUpError when something that the request used up was no longer there
   * @throws TooManyError when whoever asks has too much stored already
   */
  async flush(): Promise<void> {
    this.#admitNewRows();
    const version = this.#cache.version();
    const { consumed, spent, destroyed, revokedGrants, artifacts } = this.#changes;
    const { openedSessions, updatedSessions, closedSessions } = this.#changes;
    // What is used up or ended is forgotten whether or not it could be stored.
    for (const { id } of [...consumed.values(), ...spent.values(), ...destroyed.values()]) {
      this.#cache.forget(this.communityId, id);
    }
    for (const grantId of revokedGrants) this.#cache.forget(this.communityId, grantId);
    for (const uid of [...updatedSessions.keys(), ...closedSessions]) {
      this.#cache.forgetSession(this.communityId, uid);
    }
    await writeChanges(this.#db, this.#changes);
    for (const disclosure of this.#changes.disclosures.values()) {
      this.#notes.keep(this.communityId, disclosure);
    }
    for (const { kind, id, json } of artifacts.values()) {
      this.#cache.keepPayload(version, this.communityId, kind, id, json);
    }
    for (const [uid, { id, payload }] of openedSessions) {
      this.#keepSession(version, uid, id, payload);
    }
  }

  /**
   * Stores what the request changed of sessions with what a transaction does: neither is seen without the other.
   * @throws UsedUpError when one has ended meanwhile
   */
  async updateSessionsIn(tx: Queryable): Promise<void> {
    const { updatedSessions } = this.#changes;
    for (const uid of updatedSessions.keys()) this.#cache.forgetSession(this.communityId, uid);
    await updateSessions(tx, this.communityId, [...updatedSessions.values()]);
    updatedSessions.clear();
  }

  #admitNewRows(): void {
    for (const artifact of this.#changes.artifacts.values()) {
      if (artifact.replaces) continue;
      const longest = this.#admitRow(artifact.kind, artifact.payload);
      if (longest !== undefined) {
        artifact.expiresIn = Math.min(artifact.expiresIn ?? longest, longest);
      }
    }
    for (const { payload } of this.#changes.openedSessions.values()) {
      this.#admitRow('Session', payload);
    }
  }

  #recall(key: string): Payload | undefined {
    const known = this.#known.get(key);
    return typeof known === 'string' ? JSON.parse(known) : known;
  }

  #wasRead(kind: string, id: string): boolean {
    return this.#readFromDatabase.has(`${kind}:${id}`);
  }

  async #read(kind: string, id: string): Promise<void> {
    const version = this.#cache.version();
    const read =
      kind === 'Session'
        ? await readSession(this.#db, this.communityId, id)
        : await readArtifact(this.#db, this.communityId, kind, id);
    if (read === undefined) {
      this.#known.set(`${kind}:${id}`, undefined);
      return;
    }
    this.#know(kind, id, read.payload);
    if (kind === 'Session')
      this.#keepSession(version, read.payload.uid as string, id, read.payload);
    else this.#keepPayload(version, kind, id, read.payload);
    this.#rememberCompany(version, read);
  }

  /** What came along with a row: its grant, its session, its member. */
  #rememberCompany(version: number, read: StoredRead): void {
    const grantId = read.payload.grantId as string | undefined;
    if (read.grant != null && grantId !== undefined) {
      this.#know('Grant', grantId, { ...read.grant, jti: grantId });
      this.#keepPayload(version, 'Grant', grantId, read.grant);
    }
    if (read.sessionUid != null && read.session !== undefined) {
      this.#known.set(`SessionUid:${read.sessionUid}`, read.session ?? undefined);
      if (read.session !== null)
        this.#keepSession(version, read.sessionUid, undefined, read.session);
    }
    if (read.subject != null && read.member != null) {
      this.#knownMembers.set(read.subject, read.member);
      this.#cache.keepMember(version, this.communityId, read.member);
    }
  }

  #know(kind: string, id: string, payload: Payload): void {
    this.#known.set(`${kind}:${id}`, payload);
    this.#readFromDatabase.add(`${kind}:${id}`);
    if (kind === 'Session') {
      this.#sessionsRead.set(payload.uid as string, {
        id,
        payload: JSON.parse(JSON.stringify(payload)),
      });
    }
  }

  #keepPayload(version: number, kind: string, id: string, payload: Payload): void {
    const json = JSON.stringify({ ...payload, jti: undefined });
    this.#cache.keepPayload(version, this.communityId, kind, id, json);
  }

  #keepSession(version: number, uid: string, id: string | undefined, payload: Payload): void {
    const json = JSON.stringify({ ...payload, jti: undefined });
    this.#cache.keepSession(version, this.communityId, uid, id, json);
  }

  #saveSession(id: string, payload: Payload): void {
    const uid = payload.uid as string;
    const before = this.#sessionsRead.get(uid);
    if (before === undefined) {
      this.#changes.openedSessions.set(uid, { id, payload });
    } else if (id !== before.id || !isMerelyUsed(before.payload, payload)) {
      // A session that was told to end with its old identifier goes on under a new one.
      this.#changes.closedSessions.delete(uid);
      this.#changes.updatedSessions.set(uid, {
        id,
        before,
        payload,
      });
    } else {
      this.#changes.updatedSessions.delete(uid);
    }
  }
}

/** Whether a session is as it was but for its end, and that has hardly moved. */
function isMerelyUsed(before: Payload, after: Payload): boolean {
  const [then, now] = [before, after].map(({ jti: _jti, iat: _iat, exp: _exp, ...rest }) => rest);
  return (
    isDeepStrictEqual(then, JSON.parse(JSON.stringify(now))) &&
    Number(after.exp) - Number(before.exp) < SESSION_TOUCH
  );
}
