import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Control, Request } from '../../../src/protocols/ldap/protocol/message.ts';
import { decodeResponses, type Response, type ResponseResult } from './decode-response.ts';
import { encodeRequest, type SearchOptions } from './encode-request.ts';
import { parseFilter } from './parse-filter.ts';

export type Answer = ResponseResult & {
  /** The response's tag. */
  tag: number;
  entries: { dn: string; attributes: Map<string, string[]> }[];
  controls: Control[];
};

/** A small LDAP client for tests: one connection, any number of requests at once. */
export type LdapClient = {
  request(request: Request, controls?: readonly Control[]): Promise<Answer>;
  bind(name: string, password: string): Promise<Answer>;
  search(base: string, filter: string, options?: SearchOptions): Promise<Answer>;
  compare(entry: string, attribute: string, value: string): Promise<Answer>;
  extended(oid: string, value?: Buffer): Promise<Answer>;
  /** Sends what is not to be answered. */
  send(bytes: Buffer): void;
  /** Answers to no request: notices of disconnection. */
  notices: Response[];
  closed: Promise<unknown>;
  socket: Socket;
  close(): void;
};

export async function connectLdap(
  address: { host: string; port: number },
  tls?: { ca: string; servername: string },
): Promise<LdapClient> {
  const socket = tls === undefined ? connect(address) : connectTls({ ...address, ...tls });
  await once(socket, tls === undefined ? 'connect' : 'secureConnect');
  return speakLdap(socket);
}

export function speakLdap(socket: Socket): LdapClient {
  const waiting = new Map<
    number,
    { answer: Answer; resolve(answer: Answer): void; reject(error: Error): void }
  >();
  const notices: Response[] = [];
  let received = Buffer.alloc(0);
  let nextId = 1;
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    for (;;) {
      const length = messageLength(received);
      if (length === undefined || received.length < length) return;
      for (const response of decodeResponses(received.subarray(0, length))) take(response);
      received = received.subarray(length);
    }
  });
  socket.on('error', () => {});
  const closed = once(socket, 'close');
  socket.once('close', () => {
    for (const { reject } of waiting.values()) reject(new Error('the connection was closed'));
  });

  function take(response: Response): void {
    const found = waiting.get(response.id);
    if (found === undefined) return void notices.push(response);
    if (response.entry !== undefined) return void found.answer.entries.push(response.entry);
    waiting.delete(response.id);
    const { tag, controls } = response;
    found.resolve({ ...found.answer, ...(response.result as ResponseResult), tag, controls });
  }

  function request(wanted: Request, controls: readonly Control[] = []): Promise<Answer> {
    const id = nextId++;
    return new Promise((resolve, reject) => {
      const answer = { code: -1, matchedDn: '', message: '', tag: 0, entries: [], controls: [] };
      waiting.set(id, { answer, resolve, reject });
      socket.write(encodeRequest({ id, request: wanted, controls }));
    });
  }

  return {
    request,
    bind: (name, password) =>
      request({ kind: 'bind', version: 3, name, auth: { simple: Buffer.from(password) } }),
    search(base, filter, options = {}) {
      const { scope = 'sub', sizeLimit = 0, timeLimit = 0, typesOnly = false } = options;
      const { attributes = [], controls = [] } = options;
      const limits = { sizeLimit, timeLimit, typesOnly };
      return request(
        { kind: 'search', base, scope, ...limits, filter: parseFilter(filter), attributes },
        controls,
      );
    },
    compare: (entry, attribute, value) => request({ kind: 'compare', entry, attribute, value }),
    extended: (oid, value) => request({ kind: 'extended', oid, value }),
    send: (bytes) => void socket.write(bytes),
    notices,
    closed,
    socket,
    close: () => void socket.destroy(),
  };
}

function messageLength(bytes: Buffer): number | undefined {
  if (bytes.length < 2) return undefined;
  const first = bytes[1] as number;
  if (first < 0x80) return 2 + first;
  const octets = first & 0x7f;
  return bytes.length < 2 + octets ? undefined : 2 + octets + bytes.readUIntBE(2, octets);
}

/** Names of the entries of an answer, sorted. */
export function dnsOf({ entries }: Answer): string[] {
  return entries.map(({ dn }) => dn).sort();
}
