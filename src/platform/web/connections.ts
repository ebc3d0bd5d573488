import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import type { Cidr } from '../config/config.ts';
import { BusyError } from '../errors/busy-error.ts';
import { isIn } from '../net/addresses.ts';
import { networkOf } from '../throttles/network.ts';
import { CONNECTION_LIMITS, type ConnectionLimits } from './connection-limits.ts';
import { endWith, refuseUnreadable } from './refuse-unreadable.ts';

const SWEEP_EVERY_MS = 1_000;

type Connection = { socket: Socket; network: Network | undefined; requests: Set<Exchange> };
/** The connections that came from one network; those that wait for a request, longest first. */
type Network = { name: string; connections: number; waiting: Set<Connection> };
/** A request with its answer. */
type Exchange = {
  req: IncomingMessage;
  res: ServerResponse;
  connection: Connection;
  startedAt: number;
  bodyUntil: number;
  answerUntil: number | undefined;
  /** Whose it is; known once the forwarded headers were read. */
  visitor: string | undefined;
};

/**
 * All connections of the web server. None is held without end, whatever the other side does or leaves
 * undone; and when there are too many, in all or of one network, those make room that ask nothing and
 * those whose requests trickle in: whoever asks is answered.
 */
export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #trustedProxies: readonly Cidr[];
  readonly #log: Logger;
  readonly #connections = new Map<Socket, Connection>();
  readonly #waiting = new Set<Connection>();
  readonly #networks = new Map<string, Network>();
  /** In the order in which they came. */
  readonly #exchanges = new Map<IncomingMessage, Exchange>();
  readonly #ofVisitor = new Map<string, Set<Exchange>>();
  #refused = 0;

  constructor(options: {
    trustedProxies: readonly Cidr[];
    log: Logger;
    limits?: Partial<ConnectionLimits>;
  }) {
    this.#limits = { ...CONNECTION_LIMITS, ...options.limits };
    this.#trustedProxies = options.trustedProxies;
    this.#log = options.log;
  }

  get count(): number {
    return this.#connections.size;
  }

  /** Requests that are under way. */
  get requests(): number {
    return this.#exchanges.size;
  }

  /** An HTTP server whose connections these are. */
  createServer(handler: (req: IncomingMessage, res: ServerResponse) => unknown): Server {
    const { headers, upload, idle } = this.#limits;
    const server = createServer({
      headersTimeout: headers,
      // The longest of all; what is shorter is kept by the sweep.
      requestTimeout: headers + upload,
      keepAliveTimeout: idle,
      connectionsCheckingInterval: SWEEP_EVERY_MS,
    });
    server.on('connection', (socket: Socket) => this.#connected(socket));
    server.on('request', (req, res) => {
      // Of a connection that was refused, or ended to make room, nothing is answered any more.
      if (this.#began(req, res)) void handler(req, res);
    });
    server.on('clientError', (error, socket) => refuseUnreadable(this.#log, error, socket));
    const sweep = setInterval(() => this.#sweep(performance.now()), SWEEP_EVERY_MS);
    sweep.unref();
    server.once('close', () => clearInterval(sweep));
    return server;
  }

  /**
   * Counts a request for the visitor's network until it is answered or gone.
   * @param ip the visitor's address, not a proxy's
   * @throws BusyError when the network, or all of them, have too many under way
   */
  admit(req: IncomingMessage, ip: string): void {
    const exchange = this.#exchanges.get(req);
    if (exchange === undefined) return;
    const visitor = networkOf(ip);
    const others = this.#ofVisitor.get(visitor) ?? new Set();
    const isTooMany =
      (others.size >= this.#limits.requestsFromNetwork && !this.#endSlowest(others)) ||
      (this.#exchanges.size > this.#limits.requests && !this.#endSlowest(this.#exchanges.values()));
    if (isTooMany) {
      this.#refused += 1;
      throw new BusyError('too many requests at once');
    }
    exchange.visitor = visitor;
    this.#ofVisitor.set(visitor, others.add(exchange));
  }

  /** Gives the body of a request that was let in the time that megabytes take. */
  allowUpload(req: IncomingMessage): void {
    const exchange = this.#exchanges.get(req);
    if (exchange !== undefined) exchange.bodyUntil = exchange.startedAt + this.#limits.upload;
  }

  #connected(socket: Socket): void {
    const peer = socket.remoteAddress ?? '';
    const network = isIn(peer, this.#trustedProxies) ? undefined : this.#network(networkOf(peer));
    const { connections, connectionsFromNetwork } = this.#limits;
    const isTooMany =
      (network !== undefined &&
        network.connections >= connectionsFromNetwork &&
        !this.#makeRoom(network.waiting, network)) ||
      (this.count >= connections && !this.#makeRoom(this.#waiting));
    if (isTooMany) {
      this.#refused += 1;
      this.#forget(network);
      endWith(socket, 'busy');
      return;
    }
    const connection: Connection = { socket, network, requests: new Set() };
    this.#connections.set(socket, connection);
    if (network !== undefined) {
      network.connections += 1;
      // It was forgotten if the one that made room was its last.
      this.#networks.set(network.name, network);
    }
    this.#wait(connection);
    socket.once('close', () => this.#closed(connection));
  }

  #network(name: string): Network {
    let network = this.#networks.get(name);
    if (network === undefined) {
      network = { name, connections: 0, waiting: new Set() };
      this.#networks.set(name, network);
    }
    return network;
  }

  #forget(network: Network | undefined): void {
    if (network?.connections === 0) this.#networks.delete(network.name);
  }

  #wait(connection: Connection): void {
    this.#waiting.add(connection);
    connection.network?.waiting.add(connection);
  }

  #noLongerWaits(connection: Connection): void {
    this.#waiting.delete(connection);
    connection.network?.waiting.delete(connection);
  }

  #closed(connection: Connection): void {
    for (const exchange of connection.requests) this.#ended(exchange);
    this.#leave(connection);
  }

  /** Counts it no more, once. */
  #leave(connection: Connection): void {
    if (!this.#connections.delete(connection.socket)) return;
    this.#noLongerWaits(connection);
    if (connection.network !== undefined) connection.network.connections -= 1;
    this.#forget(connection.network);
  }

  /** Ends the connection that has waited longest, or else the oldest whose request does not come. */
  #makeRoom(waiting: Set<Connection>, of?: Network): boolean {
    const [longest] = waiting;
    if (longest === undefined) return this.#endSlowest(this.#exchanges.values(), of);
    this.#leave(longest);
    longest.socket.destroy();
    return true;
  }

  /** Ends the oldest request whose body does not come, of one network where one is given. */
  #endSlowest(exchanges: Iterable<Exchange>, of?: Network): boolean {
    const now = performance.now();
    for (const exchange of exchanges) {
      if (now - exchange.startedAt < this.#limits.slow) return false;
      const { req, connection } = exchange;
      if (req.complete || (of !== undefined && connection.network !== of)) continue;
      this.#ended(exchange);
      this.#leave(connection);
      connection.socket.destroy();
      return true;
    }
    return false;
  }

  /** @returns whether it is to be answered */
  #began(req: IncomingMessage, res: ServerResponse): boolean {
    const connection = this.#connections.get(req.socket);
    if (connection === undefined) return false;
    const startedAt = performance.now();
    const exchange: Exchange = {
      req,
      res,
      connection,
      startedAt,
      bodyUntil: startedAt + this.#limits.body,
      answerUntil: undefined,
      visitor: undefined,
    };
    this.#exchanges.set(req, exchange);
    connection.requests.add(exchange);
    this.#noLongerWaits(connection);
    res.once('close', () => {
      // What is left of a body that nobody wanted is read and thrown away, in the time that it has.
      if (req.complete || req.socket.destroyed) this.#ended(exchange);
      else req.once('end', () => this.#ended(exchange));
    });
    return true;
  }

  #ended(exchange: Exchange): void {
    const { req, connection, visitor } = exchange;
    if (!this.#exchanges.delete(req)) return;
    connection.requests.delete(exchange);
    const ofVisitor = visitor === undefined ? undefined : this.#ofVisitor.get(visitor);
    ofVisitor?.delete(exchange);
    if (visitor !== undefined && ofVisitor?.size === 0) this.#ofVisitor.delete(visitor);
    const { socket } = connection;
    if (connection.requests.size > 0 || socket.destroyed || !this.#connections.has(socket)) return;
    this.#wait(connection);
    // Node has just set the time of others.
    if (connection.network === undefined) socket.setTimeout(this.#limits.idleOfProxy);
  }

  #sweep(now: number): void {
    for (const exchange of this.#exchanges.values()) {
      const { req, res, connection } = exchange;
      if (res.headersSent) exchange.answerUntil ??= now + this.#limits.answer;
      if (!req.complete && now > exchange.bodyUntil) {
        if (res.headersSent) connection.socket.destroy();
        else endWith(connection.socket, 'slow');
      } else if (!res.writableFinished && now > (exchange.answerUntil ?? Infinity)) {
        connection.socket.destroy();
      }
    }
    if (this.#refused === 0) return;
    this.#log.warn(
      { refused: this.#refused, connections: this.count, requests: this.#exchanges.size },
      'refused connections or requests: there were too many at once',
    );
    this.#refused = 0;
  }
}
