import { connect, type Socket } from 'node:net';

/**
 * One address, asked for again and again on one connection. Where the server answers from memory, a
 * full HTTP client costs more than the server does, and the figures would be the client's.
 */
export class PlainGet {
  readonly #socket: Socket;
  readonly #request: Buffer;
  #received = 0;
  /** Bytes of the whole answer; told by the head of the first, and the same from then on. */
  #expected = 0;
  #done: () => void = () => {};
  #fail: (error: Error) => void = () => {};

  constructor(origin: string, path: string) {
    const { hostname, host, port } = new URL(origin);
    this.#request = Buffer.from(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true });
    this.#socket.on('data', (chunk) => this.#take(chunk));
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  get(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#done = resolve;
      this.#fail = reject;
      this.#socket.write(this.#request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    if (this.#received === 0 && chunk.toString('latin1', 9, 12) !== '200') {
      this.#fail(new Error(chunk.toString('latin1', 0, 300)));
      return;
    }
    if (this.#expected === 0) this.#expected = answerLength(chunk);
    this.#received += chunk.length;
    if (this.#received < this.#expected) return;
    this.#received = 0;
    this.#done();
  }
}

function answerLength(start: Buffer): number {
  const text = start.toString('latin1');
  const length = /^content-length: (\d+)\r$/im.exec(text)?.[1];
  const head = text.indexOf('\r\n\r\n');
  if (length === undefined || head < 0) throw new Error(`no length: ${text.slice(0, 300)}`);
  return head + 4 + Number(length);
}
