import { readFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type pg from 'pg';

/** Which connections a server takes, as `hostssl` and `hostnossl` of pg_hba.conf and `ssl = off` make it. */
export type Takes = 'both' | 'tls only' | 'clear only' | 'clear only, but offers tls';

export type PostgresFront = {
  port: number;
  /** How each connection that reached PostgreSQL came. */
  came: ('tls' | 'clear')[];
  stop(): void;
};

/** The eight bytes with which a client asks for TLS (PostgreSQL's protocol 3, §54.7, SSLRequest). */
const SSL_REQUEST = Buffer.from('0000000804d2162f', 'hex');

/** TCP and TLS in front of a PostgreSQL that may know neither. */
export async function startPostgresFront(
  { host = '', port = 5432 }: pg.ClientConfig,
  takes: Takes,
  files: { cert: string; key: string },
): Promise<PostgresFront> {
  const [cert, key] = [await readFile(files.cert), await readFile(files.key)];
  const came: PostgresFront['came'] = [];
  const open = new Set<Socket>();

  function serve(client: Duplex, how: 'tls' | 'clear', first?: Buffer): void {
    if (takes.startsWith(how === 'tls' ? 'clear' : 'tls')) {
      client.end(refusal(how));
      return;
    }
    came.push(how);
    const upstream = host.startsWith('/')
      ? connect(`${host}/.s.PGSQL.${port}`)
      : connect(port, host);
    if (first !== undefined) upstream.write(first);
    client.pipe(upstream).pipe(client);
    client.on('close', () => upstream.destroy());
    for (const side of [client, upstream]) side.on('error', () => {});
  }

  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.once('data', (first) => {
      if (!SSL_REQUEST.equals(first as Buffer)) return serve(socket, 'clear', first as Buffer);
      if (takes === 'clear only') {
        socket.write('N');
        socket.once('data', (next) => serve(socket, 'clear', next as Buffer));
        return;
      }
      socket.write('S');
      const secured = new TLSSocket(socket, { isServer: true, cert, key });
      secured.on('error', () => {});
      secured.once('data', (next) => serve(secured, 'tls', next as Buffer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    came,
    stop() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

/** An ErrorResponse, as PostgreSQL's own where pg_hba.conf has no line for a connection. */
function refusal(how: 'tls' | 'clear'): Buffer {
  const text = `no pg_hba.conf entry for host "127.0.0.1", ${how === 'tls' ? 'SSL encryption' : 'no encryption'}`;
  const fields = `SFATAL\0VFATAL\0C28000\0M${text}\0\0`;
  const message = Buffer.alloc(5 + Buffer.byteLength(fields));
  message.write('E');
  message.writeUInt32BE(4 + Buffer.byteLength(fields), 1);
  message.write(fields, 5);
  return message;
}
