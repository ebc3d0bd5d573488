import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { decodeResponses } from '../../test/ldap/support/decode-response.ts';

/** What a request was answered: the result's code, the entries before it, and its bytes. */
export type LineAnswer = { code: number; entries: number; result: Buffer };

/** One connection with one request at a time. It counts what it is answered, and decodes nothing. */
export class Line {
  readonly #socket: Socket;
  #left: Buffer | undefined;
  #entries = 0;
  #waiting: { resolve(answer: LineAnswer): void; reject(error: Error): void } | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', () => {});
    socket.on('close', () => this.#waiting?.reject(new Error('the server closed the connection')));
  }

  static async open(port: number): Promise<Line> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Line(socket);
  }

  ask(request: Buffer): Promise<LineAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(request);
    });
  }

  /** Says goodbye with the last bytes, and does not wait. */
  end(unbind: Buffer): void {
    this.#waiting = undefined;
    this.#socket.end(unbind);
  }

  #read(chunk: Buffer): void {
    const bytes = this.#left === undefined ? chunk : Buffer.concat([this.#left, chunk]);
    let at = 0;
    for (;;) {
      const end = endOfMessage(bytes, at);
      if (end === undefined || end > bytes.length) break;
      const operation = operationAt(bytes, at);
      if (bytes[operation] === ENTRY) this.#entries += 1;
      else this.#finish(bytes.subarray(at, end), operation - at);
      at = end;
    }
    this.#left = at === bytes.length ? undefined : bytes.subarray(at);
  }

  #finish(result: Buffer, operation: number): void {
    const code = result[contentsOf(result, operation) + 2] as number;
    const answer = { code, entries: this.#entries, result };
    this.#entries = 0;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(answer);
  }
}

const ENTRY = 0x64;

function endOfMessage(bytes: Buffer, at: number): number | undefined {
  if (at + 2 > bytes.length) return undefined;
  const first = bytes[at + 1] as number;
  if (first < 0x80) return at + 2 + first;
  const octets = first & 0x7f;
  if (at + 2 + octets > bytes.length) return undefined;
  return at + 2 + octets + bytes.readUIntBE(at + 2, octets);
}

/** Where the operation begins: behind the message's header and its number. */
function operationAt(bytes: Buffer, at: number): number {
  const id = contentsOf(bytes, at);
  return id + 2 + (bytes[id + 1] as number);
}

function contentsOf(bytes: Buffer, at: number): number {
  const first = bytes[at + 1] as number;
  return at + 2 + (first > 0x80 ? first & 0x7f : 0);
}

/** The cookie of a page (RFC 2696); empty after the last one. */
export function cookieOf({ result }: LineAnswer): Buffer {
  const control = decodeResponses(result)[0]?.controls.find(({ oid }) => oid === PAGED_RESULTS);
  if (control?.value === undefined) throw new Error('a page came without its control');
  const { value } = control;
  // SEQUENCE { size INTEGER, cookie OCTET STRING }
  const cookie = operationAt(value, 0);
  return value.subarray(contentsOf(value, cookie));
}

export const PAGED_RESULTS = '1.2.840.113556.1.4.319';
