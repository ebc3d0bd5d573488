import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import type { Cidr } from '../../../platform/config/config.ts';
import { isIn, isLoopback, plainAddress } from '../../../platform/net/addresses.ts';
import { neighbourhoodOf, networkOf } from '../../../platform/throttles/network.ts';
import type { Handler } from '../handler.ts';
import { noticeOfDisconnection } from '../protocol/response-writer.ts';
import { RESULT } from '../protocol/result.ts';
import { SpareChunks } from '../protocol/spare-chunks.ts';
import { HeldBytes } from './held-bytes.ts';
import { LdapConnection } from './ldap-connection.ts';
import type { LdapLimits } from './limits.ts';
import { readProxyHeader } from './proxy-protocol.ts';
import { type ServerCertificates, secureSocket } from './secure-socket.ts';
import { Turns } from './turns.ts';

export type ClientsOptions<State> = {
  handler: Handler<State>;
  certificates: ServerCertificates | undefined;
  proxyProtocolFrom: readonly Cidr[];
  limits: LdapLimits;
  log: Logger;
};

const SWEEP_EVERY_MS = 1_000;
/** For the last words to reach clients when the server stops. */
const FAREWELL_MS = 500;
const STOPPING = 'the server is stopping';

/** Where a client is. */
type Origin = {
  ip: string;
  isLocal: boolean;
  /** Whether its connections count against `connectionsFromAddress`. */
  isCounted: boolean;
};

/** Everybody who is connected. */
export function createClients<State>(options: ClientsOptions<State>) {
  const { limits, certificates, log, handler } = options;
  /** With undefined while LDAP is not spoken yet. */
  const clients = new Map<Socket, LdapConnection<State> | undefined>();
  const perNetwork = new Map<string, number>();
  const turns = new Turns();
  const spares = new SpareChunks();
  const heldBytes = new HeldBytes(limits.heldBytes);
  let nextId = 1;
  let isStopping = false;
  const sweep = setInterval(() => {
    const now = performance.now();
    for (const connection of clients.values()) connection?.sweep(now);
  }, SWEEP_EVERY_MS);
  sweep.unref();

  /** Never rejects. */
  async function accept(socket: Socket, isLdaps: boolean): Promise<void> {
    socket.on('error', () => socket.destroy());
    if (isStopping) return void socket.destroy();
    if (clients.size >= limits.connections) return refuse(socket, isLdaps);
    clients.set(socket, undefined);
    socket.once('close', () => clients.delete(socket));
    try {
      const origin = await findOrigin(socket, options);
      if (socket.destroyed) return;
      if (origin.isCounted && !admit(socket, networkOf(origin.ip))) return refuse(socket, isLdaps);
      const speaking = isLdaps ? await secure(socket) : socket;
      if (socket.destroyed || isStopping) return void socket.destroy();
      begin(socket, speaking, origin);
    } catch (error) {
      log.debug({ err: error }, 'an LDAP connection could not begin');
      socket.destroy();
    }
  }

  function begin(socket: Socket, speaking: Socket, { ip, isLocal }: Origin): void {
    const connection = new LdapConnection(speaking, speaking !== socket, {
      id: nextId++,
      ip,
      network: networkOf(ip),
      neighbourhood: neighbourhoodOf(ip),
      isLocal,
      handler,
      limits,
      log,
      turns,
      spares,
      heldBytes,
      secure: certificates === undefined ? undefined : secure,
    });
    clients.set(socket, connection);
  }

  /** Counts a connection of a network, unless that has too many. */
  function admit(socket: Socket, network: string): boolean {
    const others = perNetwork.get(network) ?? 0;
    if (others >= limits.connectionsFromAddress) return false;
    perNetwork.set(network, others + 1);
    socket.once('close', () => {
      const left = (perNetwork.get(network) ?? 1) - 1;
      if (left === 0) perNetwork.delete(network);
      else perNetwork.set(network, left);
    });
    return true;
  }

  function secure(socket: Socket): Promise<Socket> {
    return secureSocket(socket, certificates as ServerCertificates, limits.handshake);
  }

  /** Takes no more clients, tells those who are there (row 3), and gives what runs `stopping`. */
  async function stop(): Promise<void> {
    isStopping = true;
    clearInterval(sweep);
    const closed = Promise.all([...clients.keys()].map(closing));
    for (const [socket, connection] of clients) {
      if (connection === undefined) socket.destroy();
      else connection.leave(RESULT.unavailable, STOPPING);
    }
    await within(limits.stopping, closed);
    for (const connection of clients.values()) {
      connection?.disconnect(RESULT.unavailable, STOPPING);
    }
    await within(FAREWELL_MS, closed);
    for (const socket of clients.keys()) socket.destroy();
  }

  return { accept, stop, count: () => clients.size };
}

async function findOrigin<State>(
  socket: Socket,
  { proxyProtocolFrom, limits }: ClientsOptions<State>,
): Promise<Origin> {
  const peer = plainAddress(socket.remoteAddress);
  const isLocal = isLoopback(peer);
  if (!isIn(peer, proxyProtocolFrom)) return { ip: peer, isLocal, isCounted: !isLocal };
  const told = await readProxyHeader(socket, limits.handshake);
  // Where the proxy names no client, it may still speak for one that is elsewhere.
  if (told === undefined) return { ip: peer, isLocal: false, isCounted: false };
  return { ip: plainAddress(told), isLocal: isLocal && isLoopback(told), isCounted: true };
}

function refuse(socket: Socket, isLdaps: boolean): void {
  // Before TLS there is nothing to say that a client of LDAPS would understand.
  if (isLdaps) socket.destroy();
  else {
    socket.end(noticeOfDisconnection(RESULT.busy, 'too many connections'));
    socket.destroySoon();
  }
}

function closing(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) resolve();
    else socket.once('close', () => resolve());
  });
}

/** Waits for a promise, but no longer than some milliseconds. */
async function within(milliseconds: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
