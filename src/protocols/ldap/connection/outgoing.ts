import type { Socket } from 'node:net';
import { ResponseWriter } from '../protocol/response-writer.ts';
import type { SpareChunks } from '../protocol/spare-chunks.ts';

type Waiting = { resolve(): void; reject(error: Error): void };

/** What a connection sends. Answers are gathered in `writer`, and sent together. */
export class Outgoing {
  readonly writer: ResponseWriter;
  #socket: Socket;
  #sent = 0;
  #isShut = false;
  #waiting: Waiting[] = [];
  #onBehind: () => void;

  /** @param onBehind called when the client does not read as fast as it is answered; it may end the connection */
  constructor(socket: Socket, spares: SpareChunks, onBehind: () => void) {
    this.writer = new ResponseWriter(spares);
    this.#socket = socket;
    this.#onBehind = onBehind;
  }

  /** Goes on over another socket, when all was sent over the one before (StartTLS). */
  goOnOver(socket: Socket): void {
    this.#socket = socket;
  }

  /** Whether the client is behind with reading: nothing more should be begun then. */
  get isFull(): boolean {
    return this.#socket.writableNeedDrain;
  }

  get isGone(): boolean {
    return this.#socket.destroyed;
  }

  /** Bytes that were sent and that this process no longer holds. */
  get taken(): number {
    return this.#sent - this.#socket.writableLength;
  }

  /** Bytes that were sent, and that this process still holds. */
  get held(): number {
    return this.#socket.writableLength;
  }

  get isAllTaken(): boolean {
    return this.#socket.writableLength === 0;
  }

  flush(): void {
    if (this.writer.length === 0 || this.#isShut || this.isGone) return;
    const { bytes, release } = this.writer.takeToSend();
    this.send(bytes, release);
  }

  /** @param done is told when this process no longer holds the bytes, or of the error */
  send(bytes: Buffer, done?: (error?: Error | null) => void): void {
    this.#sent += bytes.length;
    this.#socket.write(bytes, done);
  }

  /** Sends what was gathered, and after it nothing. */
  shut(): void {
    this.flush();
    this.#isShut = true;
  }

  /** As `Responses.drained`. */
  drained(): Promise<void> | undefined {
    this.flush();
    if (this.isFull) this.#onBehind();
    if (this.isGone) return quiet(Promise.reject(new Error('the client is gone')));
    if (!this.isFull) return undefined;
    return quiet(new Promise((resolve, reject) => this.#waiting.push({ resolve, reject })));
  }

  /** The client has caught up. */
  drain(): void {
    for (const { resolve } of this.#takeWaiting()) resolve();
  }

  /** The client is gone. */
  fail(): void {
    for (const { reject } of this.#takeWaiting()) reject(new Error('the client is gone'));
  }

  #takeWaiting(): Waiting[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }
}

/** Some only ask whether there is a promise: its rejection, which nobody awaits, must not end the process. */
function quiet(promise: Promise<void>): Promise<void> {
  promise.catch(() => {});
  return promise;
}
