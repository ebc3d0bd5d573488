import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import type { Connection, Handler } from '../handler.ts';
import { decodeMessage } from '../protocol/decode-message.ts';
import { type Message, TAG } from '../protocol/message.ts';
import { noticeOfDisconnection } from '../protocol/response-writer.ts';
import { LdapError, ProtocolError, RESULT, type ResultCode } from '../protocol/result.ts';
import type { SpareChunks } from '../protocol/spare-chunks.ts';
import { Frames } from './frames.ts';
import type { HeldBytes, Holder } from './held-bytes.ts';
import type { LdapLimits } from './limits.ts';
import { Operations } from './operations.ts';
import { Outgoing } from './outgoing.ts';
import { START_TLS } from './request-kinds.ts';
import { Timeouts } from './timeouts.ts';
import type { Turns } from './turns.ts';

/** One client's requests are read for so long, in milliseconds; then it waits for its next turn. */
const TURN_MS = 2;
/** What a client still sends is dropped for so long, or so many bytes, that it can read why it is ended. */
const LINGER_MS = 1_000;
const LINGER_BYTES = 1_048_576;

export type ConnectionOptions<State> = {
  id: number;
  ip: string;
  network: string;
  neighbourhood: string;
  /** Whether the client is on this machine. */
  isLocal: boolean;
  handler: Handler<State>;
  limits: LdapLimits;
  log: Logger;
  /** Of all connections. */
  turns: Turns;
  spares: SpareChunks;
  heldBytes: HeldBytes;
  /** Puts TLS over the socket, as a server; undefined where no certificate is configured. */
  secure: ((socket: Socket) => Promise<Socket>) | undefined;
};

/**
 * One client. Operations run side by side; a bind waits for those before it, and those behind it wait for
 * the bind (RFC 4511 §4.2.1). What a client may have under way is bounded: beyond that, and while it does
 * not read what it is sent, it is not read from.
 */
export class LdapConnection<State> implements Connection<State>, Holder {
  readonly id: number;
  readonly ip: string;
  readonly network: string;
  readonly neighbourhood: string;
  state: State;
  #socket: Socket;
  #options: ConnectionOptions<State>;
  #frames = new Frames();
  #outgoing: Outgoing;
  #timeouts: Timeouts;
  #operations: Operations<State>;
  #isTls: boolean;
  #isBound = false;
  #isStartingTls = false;
  /** Others have their turn first. */
  #isYielding = false;
  /** Why the connection ends when what runs is done. */
  #leaving: { code: ResultCode; message: string } | undefined;
  #isEnding = false;
  #discarded = 0;

  constructor(socket: Socket, isTls: boolean, options: ConnectionOptions<State>) {
    this.id = options.id;
    this.ip = options.ip;
    this.network = options.network;
    this.neighbourhood = options.neighbourhood;
    this.state = options.handler.anonymous();
    this.#options = options;
    this.#isTls = isTls;
    this.#timeouts = new Timeouts(options.limits);
    this.#outgoing = new Outgoing(socket, options.spares, () => this.#options.heldBytes.note(this));
    this.#operations = new Operations(options, {
      connection: this,
      outgoing: this.#outgoing,
      canStartTls: options.secure !== undefined,
      bindBegins: () => this.#becomeAnonymous(),
      isBound: () => {
        this.#isBound = true;
      },
      startTls: (id) => this.#startTls(id),
      ended: () => {
        this.#timeouts.heard();
        this.#goOn();
        this.#options.heldBytes.note(this);
      },
    });
    this.#socket = socket;
    this.#listen();
  }

  isConfidential(): boolean {
    return this.#isTls || this.#options.isLocal;
  }

  get isBound(): boolean {
    return this.#isBound;
  }

  get held(): number {
    if (this.#socket.destroyed) return 0;
    // What still comes is thrown away then.
    if (this.#isEnding) return this.#outgoing.held;
    const { readableLength } = this.#socket;
    return this.#frames.held + this.#operations.held + this.#outgoing.held + readableLength;
  }

  giveUp(): void {
    // Who is behind with reading would not read why, either.
    if (this.#isEnding || !this.#outgoing.isAllTaken) this.#socket.destroy();
    else this.disconnect(RESULT.busy, 'too much is waiting here, of all clients together');
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on('data', this.#onData);
    socket.on('drain', this.#onDrain);
    socket.on('end', this.#onEnd);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#gone(socket));
    socket.resume();
  }

  #onData = (bytes: Buffer): void => {
    if (this.#isEnding) this.#discard(bytes);
    else this.#hear(bytes);
  };
  #onDrain = (): void => {
    this.#outgoing.drain();
    this.#goOn();
    this.#options.heldBytes.note(this);
  };
  #onEnd = (): void => this.end();

  #gone(socket: Socket): void {
    // Under TLS the plain socket closes, too.
    if (socket !== this.#socket) return;
    this.#isEnding = true;
    this.#forget();
    this.#outgoing.fail();
    this.#options.heldBytes.note(this);
  }

  #hear(bytes: Buffer): void {
    this.#timeouts.heard();
    this.#frames.add(bytes);
    this.#goOn();
    this.#options.heldBytes.note(this);
  }

  /** Starts what may start, of what waits and of what has come. Never throws. */
  #goOn(): void {
    if (this.#isEnding || this.#isStartingTls) return;
    try {
      this.#operations.startQueued();
      this.#readFrames();
    } catch (error) {
      if (error instanceof ProtocolError) this.disconnect(RESULT.protocolError, error.message);
      else this.#broken(error);
    }
    this.#outgoing.flush();
    if (this.#isEnding || this.#isStartingTls) return;
    if (this.#leaving !== undefined && !this.#operations.isBusy) {
      this.disconnect(this.#leaving.code, this.#leaving.message);
      return;
    }
    const mayRead = this.#mayRead();
    this.#timeouts.read(mayRead && this.#frames.isWithin);
    if (mayRead) this.#socket.resume();
    else this.#socket.pause();
  }

  #readFrames(): void {
    const until = performance.now() + TURN_MS;
    while (this.#mayRead()) {
      const frame = this.#frames.next(this.#maxBytes());
      if (frame === undefined) return;
      this.#receive(decodeMessage(frame));
      if (performance.now() > until) this.#yield();
    }
  }

  #yield(): void {
    this.#isYielding = true;
    this.#options.turns.wait(() => {
      this.#isYielding = false;
      this.#goOn();
    });
  }

  #mayRead(): boolean {
    if (this.#isEnding || this.#isStartingTls || this.#isYielding) return false;
    return this.#leaving === undefined && !this.#operations.isQueueFull;
  }

  #maxBytes(): number {
    const { boundMessageBytes, anonymousMessageBytes } = this.#options.limits;
    return this.#isBound ? boundMessageBytes : anonymousMessageBytes;
  }

  #receive(message: Message): void {
    const { request } = message;
    if (request.kind === 'unbind') this.end();
    else if (request.kind === 'abandon') this.#operations.abandon(request.target);
    else this.#operations.take(message);
  }

  /** From the moment that a bind request came (RFC 4513 §4), and when TLS begins. */
  #becomeAnonymous(): void {
    this.state = this.#options.handler.anonymous();
    this.#isBound = false;
  }

  /** StartTLS (RFC 4511 §4.14): what the client sent behind it and before the handshake is dropped (row 20). */
  #startTls(id: number): void {
    const { secure } = this.#options;
    if (this.#isTls) throw new LdapError(RESULT.operationsError, 'TLS is on already');
    if (secure === undefined) throw new Error('StartTLS without a certificate');
    const plain = this.#socket;
    this.#isStartingTls = true;
    this.#operations.dropQueue();
    this.#frames.reset();
    this.#timeouts.read(false);
    plain.off('data', this.#onData).off('drain', this.#onDrain).off('end', this.#onEnd).pause();
    const { writer } = this.#outgoing;
    const response = { code: RESULT.success, responseName: START_TLS };
    writer.result(id, TAG.extendedResponse, response);
    this.#outgoing.send(writer.take(), (error) => {
      if (error || this.#isEnding) plain.destroy();
      else secure(plain).then(this.#secured, () => plain.destroy());
    });
  }

  #secured = (tls: Socket): void => {
    if (this.#isEnding) {
      tls.destroy();
      return;
    }
    this.#isTls = true;
    this.#isStartingTls = false;
    this.#becomeAnonymous();
    this.#timeouts.heard();
    this.#socket = tls;
    this.#outgoing.goOnOver(tls);
    this.#listen();
  };

  /** Takes no more requests; says why, and ends, when what has come is done. */
  leave(code: ResultCode, message: string): void {
    this.#leaving = { code, message };
    if (this.#isStartingTls) this.#socket.destroy();
    this.#goOn();
  }

  /** Says why, and ends (RFC 4511 §4.4.1). */
  disconnect(code: ResultCode, message: string): void {
    if (this.#isEnding || this.#isStartingTls) {
      this.end();
      return;
    }
    this.#outgoing.flush();
    this.#outgoing.send(noticeOfDisconnection(code, message));
    this.#shut();
    // A socket that is closed with bytes unread takes back what was sent to the client, too.
    this.#socket.end(() => setTimeout(() => this.#socket.destroy(), LINGER_MS).unref());
    this.#socket.resume();
  }

  /** Sends what is left, and closes: at once where the client does not close, too. */
  end(): void {
    if (this.#isEnding) return;
    this.#shut();
    this.#socket.end(() => this.#socket.destroy());
  }

  #shut(): void {
    this.#outgoing.shut();
    this.#isEnding = true;
    this.#forget();
  }

  #forget(): void {
    this.#operations.drop();
    this.#frames.reset();
  }

  #discard({ length }: Buffer): void {
    this.#discarded += length;
    if (this.#discarded > LINGER_BYTES) this.#socket.destroy();
  }

  #broken(error: unknown): void {
    this.#options.log.error({ err: error }, 'an LDAP connection failed');
    this.#socket.destroy();
  }

  /** Ends the connection when it has used up its time; called every second. */
  sweep(now: number): void {
    this.#options.heldBytes.note(this);
    const is = { busy: this.#operations.isBusy, bound: this.#isBound };
    const verdict = this.#timeouts.verdict(now, this.#outgoing, is);
    if (verdict === 'stalled') this.#socket.destroy();
    else if (this.#isEnding || this.#isStartingTls) return;
    else if (verdict === 'slow') {
      this.disconnect(RESULT.protocolError, 'the message took too long');
    } else if (verdict === 'idle') {
      this.disconnect(RESULT.unavailable, 'nothing was asked for a long time');
    }
  }
}
