import type { Message } from './protocol/message.ts';
import type { ResponseWriter } from './protocol/response-writer.ts';

/** What an operation may know and change of the connection that it came by. */
export type Connection<State> = {
  /** Unique in this process. */
  readonly id: number;
  /** The client's address: the socket's, or the one that a trusted proxy told. */
  readonly ip: string;
  /** Whether a password may travel: TLS is on, or the client is on this machine (LDAP.md row 20). */
  isConfidential(): boolean;
  /** Who is bound, open paged searches and the like: what the handler keeps with the connection. */
  state: State;
};

/** Where an operation's answers go. */
export type Responses = {
  /** Answers are appended here at once, and sent together when the event loop's turn ends. */
  readonly writer: ResponseWriter;
  /**
   * To be asked from time to time while entries are written: undefined while the client reads as fast
   * as it is sent, else a promise that resolves when it has caught up and rejects when it is gone.
   */
  drained(): Promise<void> | undefined;
  /** True once the client abandoned the operation or is gone: nothing more is to be written then. */
  isAbandoned(): boolean;
};

/**
 * Performs operations. Bind, search, compare, the writes and extended operations other than StartTLS
 * come here; Unbind, Abandon, StartTLS and critical controls that are not in `controls` do not. Each call
 * writes exactly one result before it returns or resolves, unless it was abandoned. An `LdapError`
 * that it throws becomes the result; any other error is logged and becomes `other` (80).
 * A bind that fails throws: one that returns counts as a success.
 */
export type Handler<State> = {
  /** The state of a fresh connection: anonymous. Also given back at the start of each bind (RFC 4511 §4.2.1). */
  anonymous(): State;
  /** Synchronous where it can be: a promise for each search would cost more than the search. */
  handle(
    message: Message,
    connection: Connection<State>,
    responses: Responses,
  ): void | Promise<void>;
  /** OIDs of the request controls that `handle` understands, by the kind of request. */
  controls: ReadonlyMap<Message['request']['kind'], ReadonlySet<string>>;
  /** OIDs of extended operations, StartTLS aside; others are answered `protocolError` without asking. */
  extensions: ReadonlySet<string>;
};
