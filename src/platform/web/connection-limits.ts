/** What one network, and all of them, may take of the web server. Times are in milliseconds. */
export type ConnectionLimits = {
  /** Each is an open file and some 10 KiB. */
  connections: number;
  /** Of an IPv4 address or an IPv6 /64; those of trusted proxies aside. */
  connectionsFromNetwork: number;
  /** Requests that are being read, worked on or answered. */
  requests: number;
  /** Of one network, whichever proxy they came through. */
  requestsFromNetwork: number;
  /** To the end of a request's headers. */
  headers: number;
  /** From the end of the headers to the end of the body. */
  body: number;
  /** The same for a body of megabytes that was let in. */
  upload: number;
  /** After which a request whose body is still on its way may be ended to let another in. */
  slow: number;
  /** From the beginning of an answer until the other side has taken all of it. */
  answer: number;
  /** Between two requests. */
  idle: number;
  /** Proxies keep connections and send what cannot be sent twice over them: theirs last longer than usual there. */
  idleOfProxy: number;
};

export const CONNECTION_LIMITS: ConnectionLimits = {
  connections: 4_000,
  connectionsFromNetwork: 500,
  requests: 1_000,
  requestsFromNetwork: 250,
  headers: 15_000,
  body: 30_000,
  upload: 120_000,
  slow: 2_000,
  answer: 120_000,
  idle: 5_000,
  idleOfProxy: 130_000,
};
