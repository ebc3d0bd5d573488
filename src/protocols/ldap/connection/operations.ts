import type { Logger } from 'pino';
import { isDatabaseAway } from '../../../platform/database/availability.ts';
import type { Connection, Handler } from '../handler.ts';
import type { Message } from '../protocol/message.ts';
import { LdapError, ProtocolError, RESULT } from '../protocol/result.ts';
import type { LdapLimits } from './limits.ts';
import { Operation } from './operation.ts';
import type { Outgoing } from './outgoing.ts';
import { isExclusive, isStartTls, RESPONSE_TAGS, START_TLS } from './request-kinds.ts';
import { sizeInMemory } from './size-in-memory.ts';

/** Answers are sent in the midst of an event only when they have grown to this many bytes. */
const FLUSH_BYTES = 65_536;

/** The connection that asks for the operations. */
type Asker<State> = {
  connection: Connection<State>;
  outgoing: Outgoing;
  canStartTls: boolean;
  /** A bind request came: the connection is anonymous until it succeeds. */
  bindBegins(): void;
  /** Somebody was bound. */
  isBound(): void;
  /** @throws LdapError */
  startTls(id: number): void;
  /** An operation that took its time is done: others may start. */
  ended(): void;
};

type Waiting = { message: Message; bytes: number };
type Options<State> = { handler: Handler<State>; limits: LdapLimits; log: Logger };

/** What one client has under way: what runs, and what waits for its turn. */
export class Operations<State> {
  #options: Options<State>;
  #asker: Asker<State>;
  #running = new Set<Operation>();
  #queue: Waiting[] = [];
  /** Bytes that the messages that wait take in memory, which is far more than they came in. */
  #queuedBytes = 0;
  #runningBytes = 0;
  /** A bind is under way: nothing else starts. */
  #isExclusive = false;

  constructor(options: Options<State>, asker: Asker<State>) {
    this.#options = options;
    this.#asker = asker;
  }

  get isBusy(): boolean {
    return this.#running.size > 0 || this.#queue.length > 0;
  }

  /** Bytes that the messages that wait or run take in memory. */
  get held(): number {
    return this.#queuedBytes + this.#runningBytes;
  }

  get isQueueFull(): boolean {
    const { queued, queuedBytes } = this.#options.limits;
    return this.#queue.length >= queued || this.#queuedBytes >= queuedBytes;
  }

  /**
   * Starts an operation, or has it wait.
   * @throws ProtocolError when its message id is another's that has no answer yet (RFC 4511 §4.1.1.1)
   */
  take(message: Message): void {
    if (this.#isInUse(message.id)) throw new ProtocolError(`message id ${message.id} is in use`);
    if (this.#queue.length === 0 && this.#mayStart(message)) this.#start(message);
    else this.#wait({ message, bytes: sizeInMemory(message) });
  }

  startQueued(): void {
    for (let [first] = this.#queue; first !== undefined; [first] = this.#queue) {
      if (!this.#mayStart(first.message)) return;
      this.#queue.shift();
      this.#queuedBytes -= first.bytes;
      this.#start(first.message, first.bytes);
    }
  }

  #wait(waiting: Waiting): void {
    this.#queue.push(waiting);
    this.#queuedBytes += waiting.bytes;
  }

  /** Abandon (RFC 4511 §4.11): nothing, where the operation is over or cannot be abandoned. */
  abandon(target: number): void {
    for (const each of this.#running) if (each.id === target) each.abandon();
    const left = this.#queue.filter(
      ({ message: { id, request } }) => id !== target || isExclusive(request),
    );
    this.dropQueue();
    for (const each of left) this.#wait(each);
  }

  dropQueue(): void {
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  /** The client is gone. */
  drop(): void {
    this.dropQueue();
    for (const operation of this.#running) operation.drop();
  }

  /** An abandoned operation's id may come again before the operation has noticed. */
  #isInUse(id: number): boolean {
    for (const each of this.#running) if (each.id === id && !each.isAbandoned()) return true;
    return this.#queue.some(({ message }) => message.id === id);
  }

  #mayStart({ request }: Message): boolean {
    if (this.#isExclusive || this.#asker.outgoing.isFull) return false;
    return isExclusive(request)
      ? this.#running.size === 0
      : this.#running.size < this.#options.limits.running;
  }

  /** @param bytes that it takes, where they were counted */
  #start(message: Message, bytes?: number): void {
    const { id, request } = message;
    const { outgoing } = this.#asker;
    const operation = new Operation(id, outgoing, !isExclusive(request));
    if (request.kind === 'bind') this.#asker.bindBegins();
    try {
      this.#refuseUnknown(message);
      if (isStartTls(request)) this.#asker.startTls(id);
      else this.#perform(message, operation, bytes);
    } catch (error) {
      this.#failed(message, operation, error);
    }
    if (outgoing.writer.length > FLUSH_BYTES) outgoing.flush();
  }

  #perform(message: Message, operation: Operation, counted?: number): void {
    const done = this.#options.handler.handle(message, this.#asker.connection, operation);
    if (done === undefined) {
      this.#succeeded(message);
      return;
    }
    this.#running.add(operation);
    this.#isExclusive = isExclusive(message.request);
    const bytes = counted ?? sizeInMemory(message);
    this.#runningBytes += bytes;
    void this.#waitFor(done, { message, bytes }, operation);
  }

  /** Never rejects. */
  async #waitFor(
    done: Promise<void>,
    { message, bytes }: Waiting,
    operation: Operation,
  ): Promise<void> {
    try {
      await done;
      this.#succeeded(message);
    } catch (error) {
      this.#failed(message, operation, error);
    }
    this.#running.delete(operation);
    this.#runningBytes -= bytes;
    this.#isExclusive = false;
    this.#asker.ended();
  }

  /** @throws LdapError for critical controls and extended operations that nobody here knows */
  #refuseUnknown({ request, controls }: Message): void {
    const { handler } = this.#options;
    for (const { oid, critical } of controls) {
      if (critical && !handler.controls.get(request.kind)?.has(oid)) {
        throw new LdapError(
          RESULT.unavailableCriticalExtension,
          `the control ${oid.slice(0, 100)} is not supported here`,
        );
      }
    }
    if (request.kind !== 'extended') return;
    const isKnown = isStartTls(request)
      ? this.#asker.canStartTls
      : handler.extensions.has(request.oid);
    if (!isKnown) throw new LdapError(RESULT.protocolError, 'no such extended operation');
  }

  #succeeded({ request }: Message): void {
    if (request.kind === 'bind' && request.name !== '') this.#asker.isBound();
  }

  #failed({ id, request }: Message, operation: Operation, error: unknown): void {
    if (operation.isAbandoned() || this.#asker.outgoing.isGone) return;
    if (!(error instanceof LdapError)) {
      this.#options.log.error({ err: error, operation: request.kind }, 'an LDAP operation failed');
    }
    const { code, message, matchedDn } = error instanceof LdapError ? error : unexpected(error);
    const name = isStartTls(request) ? { responseName: START_TLS } : {};
    const tag = RESPONSE_TAGS[request.kind as keyof typeof RESPONSE_TAGS];
    operation.writer.result(id, tag, { code, message, matchedDn, ...name });
  }
}

/** What is no answer of ours: clients ask elsewhere, or again, where the database is away (RFC 4511 §A.2). */
function unexpected(error: unknown): LdapError {
  return isDatabaseAway(error)
    ? new LdapError(RESULT.unavailable, 'the database is away; try again later')
    : new LdapError(RESULT.other, 'internal error');
}
