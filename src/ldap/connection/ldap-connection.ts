import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import type { Connection, Handler } from '../handler.ts';
import { decodeMessage } from '../protocol/decode-message.ts';
import { type Message, TAG } from '../protocol/message.ts';
import { noticeOfDisconnection, ResponseWriter } from '../protocol/response-writer.ts';
import { LdapError, ProtocolError, RESULT, type ResultCode } from '../protocol/result.ts';
import { Frames } from './frames.ts';
import type { LdapLimits } from './limits.ts';
import { Operation } from './operation.ts';
import { Patience } from './patience.ts';

const START_TLS = '1.3.6.1.4.1.1466.20037';
/** Answers are sent in the midst of an event only when they have grown to this many bytes. */
const FLUSH_BYTES = 65_536;

const RESPONSE_TAGS = {
  bind: TAG.bindResponse,
  search: TAG.searchResultDone,
  compare: TAG.compareResponse,
  extended: TAG.extendedResponse,
  modify: TAG.modifyResponse,
  add: TAG.addResponse,
  del: TAG.delResponse,
  modifyDn: TAG.modifyDnResponse,
} as const;
type Answered = keyof typeof RESPONSE_TAGS;

export type ConnectionOptions<State> = {
  id: number;
  ip: string;
  /** Whether the client is on this machine. */
  isLocal: boolean;
  handler: Handler<State>;
  limits: LdapLimits;
  log: Logger;
  /** Puts TLS over the socket, as a server; undefined where no certificate is configured. */
  secure: ((socket: Socket) => Promise<Socket>) | undefined;
};

/**
 * One client. Operations run side by side; a bind waits for those before it, and those behind it wait for
 * the bind (RFC 4511 §4.2.1). What a client may have under way is bounded: beyond that it is not read from.
 */
export class LdapConnection<State> implements Connection<State> {
  readonly id: number;
  readonly ip: string;
  readonly writer = new ResponseWriter();
  state: State;
  #socket: Socket;
  #options: ConnectionOptions<State>;
  #frames = new Frames();
  #running = new Map<number, Operation>();
  #queue: Message[] = [];
  /** A bind or StartTLS is under way: nothing else starts. */
  #isExclusive = false;
  #isTls: boolean;
  #isBound = false;
  #isEnding = false;
  #isStartingTls = false;
  #waiting: { resolve(): void; reject(error: Error): void }[] = [];
  #patience: Patience;

  constructor(socket: Socket, isTls: boolean, options: ConnectionOptions<State>) {
    this.id = options.id;
    this.ip = options.ip;
    this.state = options.handler.anonymous();
    this.#options = options;
    this.#isTls = isTls;
    this.#patience = new Patience(options.limits);
    this.#socket = socket;
    this.#listen(socket);
  }

  isConfidential(): boolean {
    return this.#isTls || this.#options.isLocal;
  }

  get isEnded(): boolean {
    return this.#socket.destroyed;
  }

  #listen(socket: Socket): void {
    this.#socket = socket;
    socket.on('data', this.#onData);
    socket.on('drain', this.#onDrain);
    socket.on('end', this.#onEnd);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#gone(socket));
  }

  #onData = (bytes: Buffer): void => this.#read(bytes);
  #onDrain = (): void => this.#settle((each) => each.resolve());
  #onEnd = (): void => this.end();

  #gone(socket: Socket): void {
    // Under TLS the plain socket closes, too, and says so first.
    if (socket !== this.#socket) return;
    this.#queue = [];
    for (const operation of this.#running.values()) operation.drop();
    this.#settle((each) => each.reject(new Error('the client is gone')));
  }

  #settle(how: (each: { resolve(): void; reject(error: Error): void }) => void): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) how(each);
  }

  #read(bytes: Buffer): void {
    if (this.#isEnding) return;
    this.#patience.heard();
    const socket = this.#socket;
    try {
      this.#frames.push(bytes, this.#maxBytes, (frame) => {
        this.#receive(decodeMessage(frame));
        return !this.#isEnding && this.#socket === socket && !this.#isStartingTls;
      });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.disconnect(RESULT.protocolError, error.message);
    }
    this.#patience.read(this.#frames.isWithin);
    this.flush();
  }

  #maxBytes = () => {
    const { boundMessageBytes, anonymousMessageBytes } = this.#options.limits;
    return this.#isBound ? boundMessageBytes : anonymousMessageBytes;
  };

  #receive(message: Message): void {
    const { request, id } = message;
    if (request.kind === 'unbind') this.end();
    else if (request.kind === 'abandon') this.#abandon(request.target);
    else if (this.#running.has(id) || this.#queue.some((each) => each.id === id)) {
      throw new ProtocolError(`message id ${id} is in use`);
    } else if (this.#queue.length === 0 && this.#mayStart(message)) this.#start(message);
    else {
      this.#queue.push(message);
      if (this.#queue.length >= this.#options.limits.queued) this.#socket.pause();
    }
  }

  #mayStart({ request }: Message): boolean {
    if (this.#isExclusive) return false;
    return isExclusive(request)
      ? this.#running.size === 0
      : this.#running.size < this.#options.limits.running;
  }

  #abandon(target: number): void {
    this.#running.get(target)?.abandon();
    this.#queue = this.#queue.filter(({ id }) => id !== target);
  }

  #start(message: Message): void {
    const operation = new Operation(this, !isExclusive(message.request));
    try {
      this.#refuseUnknown(message);
      if (isStartTls(message.request)) this.#startTls(message.id);
      else this.#perform(message, operation);
    } catch (error) {
      this.#failed(message, operation, error);
    }
    if (this.writer.length > FLUSH_BYTES) this.flush();
  }

  #perform(message: Message, operation: Operation): void {
    const { handler } = this.#options;
    const { id, request } = message;
    if (request.kind === 'bind') {
      this.state = handler.anonymous();
      this.#isBound = false;
    }
    const done = handler.handle(message, this, operation);
    if (done === undefined) {
      this.#succeeded(message);
      return;
    }
    this.#running.set(id, operation);
    this.#isExclusive = isExclusive(request);
    done
      .then(
        () => this.#succeeded(message),
        (error) => this.#failed(message, operation, error),
      )
      .finally(() => this.#finished(id));
  }

  /** @throws LdapError for critical controls and extended operations that nobody here knows */
  #refuseUnknown({ request, controls }: Message): void {
    const { handler, secure } = this.#options;
    for (const { oid, critical } of controls) {
      if (critical && !handler.controls.get(request.kind)?.has(oid)) {
        throw new LdapError(
          RESULT.unavailableCriticalExtension,
          `the control ${oid} is not supported here`,
        );
      }
    }
    if (request.kind !== 'extended') return;
    const isKnown =
      handler.extensions.has(request.oid) || (isStartTls(request) && secure !== undefined);
    if (!isKnown) throw new LdapError(RESULT.protocolError, 'no such extended operation');
  }

  #succeeded({ request }: Message): void {
    if (request.kind === 'bind') this.#isBound = request.name !== '';
  }

  #failed({ id, request }: Message, operation: Operation, error: unknown): void {
    if (operation.isAbandoned() || this.isEnded) return;
    if (!(error instanceof LdapError)) {
      this.#options.log.error({ err: error, operation: request.kind }, 'an LDAP operation failed');
    }
    const known =
      error instanceof LdapError ? error : new LdapError(RESULT.other, 'internal error');
    const { code, message, matchedDn } = known;
    const tag = RESPONSE_TAGS[request.kind as Answered];
    const name = isStartTls(request) ? { responseName: START_TLS } : {};
    this.writer.result(id, tag, { code, message, matchedDn, ...name });
  }

  #finished(id: number): void {
    this.#running.delete(id);
    this.#isExclusive = false;
    this.#patience.heard();
    this.#next();
    this.flush();
  }

  #next(): void {
    for (let [first] = this.#queue; first !== undefined; [first] = this.#queue) {
      if (this.#isEnding || !this.#mayStart(first)) return;
      this.#queue.shift();
      this.#start(first);
    }
    if (!this.#isEnding && !this.#isStartingTls) this.#socket.resume();
  }

  /** StartTLS (RFC 4511 §4.14): what the client sent behind it and before the handshake is dropped (row 20). */
  #startTls(id: number): void {
    const { secure, handler } = this.#options;
    if (this.#isTls) throw new LdapError(RESULT.operationsError, 'TLS is on already');
    if (secure === undefined) throw new LdapError(RESULT.protocolError, 'TLS is not configured');
    const plain = this.#socket;
    this.#isStartingTls = true;
    this.#isExclusive = true;
    this.#queue = [];
    this.#frames.reset();
    plain.off('data', this.#onData).off('drain', this.#onDrain).off('end', this.#onEnd).pause();
    this.writer.result(id, TAG.extendedResponse, {
      code: RESULT.success,
      responseName: START_TLS,
    });
    plain.write(this.writer.take(), async () => {
      try {
        const tls = await secure(plain);
        this.#isTls = true;
        this.#isBound = false;
        this.state = handler.anonymous();
        this.#isStartingTls = false;
        this.#isExclusive = false;
        this.#patience.heard();
        this.#listen(tls);
      } catch {
        plain.destroy();
      }
    });
  }

  /** Sends what has been answered. */
  flush(): void {
    const isShut = this.#isEnding || this.#isStartingTls || this.#socket.destroyed;
    if (this.writer.length === 0 || isShut) return;
    this.#socket.write(this.writer.take());
  }

  drained(): Promise<void> | undefined {
    this.flush();
    if (this.#socket.destroyed) return Promise.reject(new Error('the client is gone'));
    if (!this.#socket.writableNeedDrain) return undefined;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  /** Says why, and ends (RFC 4511 §4.4.1). */
  disconnect(code: ResultCode, message: string): void {
    if (this.#isEnding) return;
    this.flush();
    if (!this.#isStartingTls) this.#socket.write(noticeOfDisconnection(code, message));
    this.end();
  }

  /** Sends what is left, and closes: at once where the client does not close, too. */
  end(): void {
    if (this.#isEnding) return;
    this.flush();
    this.#isEnding = true;
    this.#queue = [];
    for (const operation of this.#running.values()) operation.drop();
    this.#socket.end(() => this.#socket.destroy());
  }

  destroy(): void {
    this.#socket.destroy();
  }

  get isBusy(): boolean {
    return this.#running.size > 0 || this.#queue.length > 0;
  }

  /** Ends the connection when it has used up its time; called every second. */
  sweep(now: number): void {
    const is = { busy: this.isBusy, bound: this.#isBound };
    const verdict = this.#patience.verdict(now, this.#socket, is);
    if (verdict === 'stalled') this.destroy();
    else if (verdict === 'slow') {
      this.disconnect(RESULT.protocolError, 'the message took too long');
    } else if (verdict === 'idle' && !this.#isStartingTls) {
      this.disconnect(RESULT.unavailable, 'nothing was asked for a long time');
    }
  }
}

function isStartTls(request: Message['request']): boolean {
  return request.kind === 'extended' && request.oid === START_TLS;
}

function isExclusive(request: Message['request']): boolean {
  return request.kind === 'bind' || isStartTls(request);
}
