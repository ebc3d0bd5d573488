/** What one client, and all of them, may take. Times are in milliseconds. */
export type LdapLimits = {
  /** Bytes of a message before and after somebody is bound. */
  anonymousMessageBytes: number;
  boundMessageBytes: number;
  /** Operations of a connection that run at once, and that wait behind them. */
  running: number;
  queued: number;
  /** Bytes that those that wait take in memory, after which no more are read. */
  queuedBytes: number;
  /** Bytes of memory that all connections together may hold: of requests, and of answers that nobody reads. */
  heldBytes: number;
  connections: number;
  /** Of one address, or one IPv6 /64; those of this machine and a proxy's own aside. */
  connectionsFromAddress: number;
  anonymousIdle: number;
  boundIdle: number;
  /** For a PROXY header, and again for TLS. */
  handshake: number;
  /** From a message's first byte to its last. */
  message: number;
  /** Without the client reading anything of what waits for it. */
  stalled: number;
  /** For running operations to end when the server stops. */
  stopping: number;
};

export const DEFAULT_LIMITS: LdapLimits = {
  anonymousMessageBytes: 64 * 1024,
  boundMessageBytes: 512 * 1024,
  running: 8,
  queued: 64,
  queuedBytes: 1024 * 1024,
  heldBytes: 128 * 1024 * 1024,
  connections: 12_000,
  connectionsFromAddress: 2_000,
  anonymousIdle: 2 * 60_000,
  boundIdle: 15 * 60_000,
  handshake: 10_000,
  message: 30_000,
  stalled: 60_000,
  stopping: 5_000,
};
