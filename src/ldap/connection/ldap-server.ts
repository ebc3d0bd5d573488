import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import ipaddr from 'ipaddr.js';
import type { Logger } from 'pino';
import type { Cidr, ListenAddress } from '../../config/config.ts';
import type { Handler } from '../handler.ts';
import { noticeOfDisconnection } from '../protocol/response-writer.ts';
import { RESULT } from '../protocol/result.ts';
import { type Certificate, type CertificateFiles, openCertificate } from './certificate.ts';
import { LdapConnection } from './ldap-connection.ts';
import { DEFAULT_LIMITS, type LdapLimits } from './limits.ts';
import { readProxyHeader } from './proxy-protocol.ts';

export type LdapServerOptions<State> = {
  handler: Handler<State>;
  listen: ListenAddress | undefined;
  ldapsListen: ListenAddress | undefined;
  tls: CertificateFiles | undefined;
  /** From these networks a PROXY header is required; from others it is never read. */
  proxyProtocolFrom: readonly Cidr[];
  limits?: Partial<LdapLimits>;
  log: Logger;
};

export type LdapServer = {
  address: ListenAddress | undefined;
  ldapsAddress: ListenAddress | undefined;
  connections(): number;
  /** Takes no more clients, tells those who are there (row 3), and gives what runs a few seconds. */
  stop(): Promise<void>;
};

/** Listens for LDAP, and for LDAPS where that is asked for. */
export async function startLdapServer<State>(
  options: LdapServerOptions<State>,
): Promise<LdapServer> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const certificate = options.tls && (await openCertificate(options.tls, options.log));
  const clients = createClients({ ...options, limits, certificate });
  const servers: Server[] = [];
  const stop = async () => {
    certificate?.stop();
    const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)));
    await clients.stop();
    await Promise.all(closed);
  };
  const open = async (address: ListenAddress | undefined, isLdaps: boolean) => {
    if (address === undefined) return undefined;
    const server = createServer(
      { noDelay: true, keepAlive: true, allowHalfOpen: false },
      (socket) => clients.accept(socket, isLdaps),
    );
    servers.push(server);
    await listen(server, address);
    const { port } = server.address() as AddressInfo;
    return { host: address.host, port };
  };
  try {
    const address = await open(options.listen, false);
    const ldapsAddress = await open(options.ldapsListen, true);
    return { address, ldapsAddress, connections: clients.count, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function listen(server: Server, { host, port }: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
}

type ClientsOptions<State> = LdapServerOptions<State> & {
  limits: LdapLimits;
  certificate: Certificate | undefined;
};

/** Everybody who is connected. */
function createClients<State>(options: ClientsOptions<State>) {
  const { limits, certificate, log, handler, proxyProtocolFrom } = options;
  const connections = new Set<LdapConnection<State>>();
  /** Sockets that are connected and not yet spoken LDAP with, too. */
  const sockets = new Map<Socket, string>();
  const perAddress = new Map<string, number>();
  let nextId = 1;
  let isStopping = false;
  const sweep = setInterval(() => {
    const now = performance.now();
    for (const connection of connections) connection.sweep(now);
  }, 1_000);
  sweep.unref();

  async function accept(socket: Socket, isLdaps: boolean): Promise<void> {
    const peer = plainAddress(socket.remoteAddress);
    socket.on('error', () => socket.destroy());
    if (isStopping || !admit(socket, peer)) return;
    try {
      const ip = isIn(peer, proxyProtocolFrom)
        ? ((await readProxyHeader(socket, limits.handshake)) ?? peer)
        : peer;
      const speaking = isLdaps ? await secure(socket) : socket;
      if (socket.destroyed || isStopping) {
        socket.destroy();
        return;
      }
      const connection = new LdapConnection(speaking, isLdaps, {
        id: nextId++,
        ip,
        isLocal: isLoopback(ip),
        handler,
        limits,
        log,
        secure: certificate === undefined ? undefined : secure,
      });
      connections.add(connection);
      socket.once('close', () => connections.delete(connection));
    } catch (error) {
      log.debug({ err: error, peer }, 'an LDAP connection could not begin');
      socket.destroy();
    }
  }

  /** Counts a socket, or says that there are too many. */
  function admit(socket: Socket, peer: string): boolean {
    const own = perAddress.get(peer) ?? 0;
    const isTrusted = isLoopback(peer) || isIn(peer, proxyProtocolFrom);
    if (
      sockets.size >= limits.connections ||
      (own >= limits.connectionsFromAddress && !isTrusted)
    ) {
      socket.end(noticeOfDisconnection(RESULT.busy, 'too many connections'));
      socket.destroySoon();
      return false;
    }
    sockets.set(socket, peer);
    perAddress.set(peer, own + 1);
    socket.once('close', () => {
      sockets.delete(socket);
      const left = (perAddress.get(peer) ?? 1) - 1;
      if (left === 0) perAddress.delete(peer);
      else perAddress.set(peer, left);
    });
    return true;
  }

  /** TLS as a server, over a socket that may have bytes waiting. */
  function secure(socket: Socket): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const secureContext = (certificate as Certificate).context();
      const tls = new TLSSocket(socket, { isServer: true, secureContext });
      const late = setTimeout(
        () => fail(new Error('the TLS handshake took too long')),
        limits.handshake,
      );
      const closed = () => fail(new Error('closed during the TLS handshake'));
      tls.once('error', fail).once('close', closed).once('secure', succeed);

      function fail(error: Error): void {
        settled();
        tls.on('error', () => {}).destroy();
        reject(error);
      }
      function succeed(): void {
        settled();
        resolve(tls);
      }
      function settled(): void {
        clearTimeout(late);
        tls.off('error', fail).off('close', closed).off('secure', succeed);
      }
    });
  }

  async function stop(): Promise<void> {
    isStopping = true;
    clearInterval(sweep);
    const deadline = performance.now() + limits.stopping;
    // Those that wait for nothing are told at once; the others when what runs is done.
    for (;;) {
      const late = performance.now() > deadline;
      for (const connection of connections) {
        if (late || !connection.isBusy) {
          connection.disconnect(RESULT.unavailable, 'the server is stopping');
        }
      }
      const busy = [...connections].some(({ isBusy, isEnded }) => isBusy && !isEnded);
      if (late || !busy) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const grace = new Promise((resolve) => setTimeout(resolve, 500));
    const gone = [...sockets.keys()].map(
      (socket) =>
        new Promise((resolve) =>
          socket.destroyed ? resolve(undefined) : socket.once('close', resolve),
        ),
    );
    await Promise.race([Promise.all(gone), grace]);
    for (const socket of sockets.keys()) socket.destroy();
  }

  return { accept, stop, count: () => sockets.size };
}

/** IPv4 in the form of IPv4, also where the socket listens on IPv6. */
function plainAddress(address: string | undefined): string {
  if (address === undefined || !ipaddr.isValid(address)) return '';
  return ipaddr.process(address).toString();
}

function isLoopback(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback';
}

function isIn(address: string, networks: readonly Cidr[]): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return networks.some(
    ([network, bits]) => network.kind() === parsed.kind() && parsed.match(network, bits),
  );
}
