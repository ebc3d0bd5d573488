import type { Responses } from '../handler.ts';
import type { ResponseWriter } from '../protocol/response-writer.ts';

/** One operation's way to answer. */
export class Operation implements Responses {
  readonly writer: ResponseWriter;
  #isAbandoned = false;
  #canBeAbandoned: boolean;
  #connection: { drained(): Promise<void> | undefined };

  /** @param canBeAbandoned by the client; a bind cannot (RFC 4511 §4.11) */
  constructor(
    connection: { writer: ResponseWriter; drained(): Promise<void> | undefined },
    canBeAbandoned: boolean,
  ) {
    this.#canBeAbandoned = canBeAbandoned;
    this.writer = connection.writer;
    this.#connection = connection;
  }

  drained(): Promise<void> | undefined {
    return this.#connection.drained();
  }

  isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  /** At the client's word. */
  abandon(): void {
    if (this.#canBeAbandoned) this.#isAbandoned = true;
  }

  /** The client is gone: there is nobody to answer. */
  drop(): void {
    this.#isAbandoned = true;
  }
}
