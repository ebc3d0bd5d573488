import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

type Records = { TXT?: string[]; NS?: string[]; A?: string[] };

const TYPES = { A: 1, NS: 2, TXT: 16 } as const;

/** A name server on this machine, with the records that a test gives it (RFC 1035 §4). */
export type DnsServer = {
  port: number;
  /** As `TROUSSEAU_DNS_SERVERS` takes it. */
  address: string;
  /** By lower-case name; what is not there does not exist. */
  records: Map<string, Records>;
  /** What was asked, such as `TXT _x.lieu.example`. */
  asked: string[];
  /** While true, questions are answered SERVFAIL. */
  isBroken: boolean;
  stop(): Promise<void>;
};

export async function startDnsServer(): Promise<DnsServer> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address() as AddressInfo;
  const server: DnsServer = {
    port,
    address: `127.0.0.1:${port}`,
    records: new Map(),
    asked: [],
    isBroken: false,
    stop: () => new Promise((resolve) => socket.close(() => resolve())),
  };
  socket.on('message', (query, { port: from, address }) => {
    socket.send(answer(server, query), from, address);
  });
  return server;
}

function answer({ records, asked, isBroken }: DnsServer, query: Buffer): Buffer {
  const { name, end } = readName(query);
  const type = query.readUInt16BE(end);
  const kind = (Object.keys(TYPES) as (keyof typeof TYPES)[]).find((key) => TYPES[key] === type);
  asked.push(`${kind ?? type} ${name}`);
  const known = records.get(name);
  const values = (kind && known?.[kind]) ?? [];
  // A name exists, too, where only something below it does.
  const exists = known ?? [...records.keys()].some((other) => other.endsWith(`.${name}`));
  const code = isBroken ? 2 : exists ? 0 : 3;
  const head = Buffer.alloc(12);
  head.writeUInt16BE(query.readUInt16BE(0), 0);
  head.writeUInt16BE(0x8580 | code, 2);
  head.writeUInt16BE(1, 4);
  const sent = code === 0 ? values : [];
  head.writeUInt16BE(sent.length, 6);
  return Buffer.concat([
    head,
    query.subarray(12, end + 4),
    ...sent.map((value) => record(type, data(kind as keyof typeof TYPES, value))),
  ]);
}

/** Of the name in question. */
function record(type: number, content: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(0, 6);
  head.writeUInt16BE(content.length, 10);
  return Buffer.concat([head, content]);
}

function data(kind: keyof typeof TYPES, value: string): Buffer {
  if (kind === 'A') return Buffer.from(value.split('.').map(Number));
  if (kind === 'TXT')
    return Buffer.concat(
      (value.match(/.{1,255}/gs) ?? ['']).flatMap((part) => [
        Buffer.from([part.length]),
        Buffer.from(part),
      ]),
    );
  const labels = value
    .split('.')
    .flatMap((part) => [Buffer.from([part.length]), Buffer.from(part)]);
  return Buffer.concat([...labels, Buffer.from([0])]);
}

function readName(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] as number; length > 0; length = query[at] as number) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 };
}
