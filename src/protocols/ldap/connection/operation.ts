import type { Responses } from '../handler.ts';
import { ResponseWriter } from '../protocol/response-writer.ts';
import type { Outgoing } from './outgoing.ts';

/** One operation's way to answer. */
export class Operation implements Responses {
  readonly id: number;
  #outgoing: Outgoing;
  #canBeAbandoned: boolean;
  #isAbandoned = false;

  /** @param canBeAbandoned by the client; a bind and StartTLS cannot (RFC 4511 §4.11) */
  constructor(id: number, outgoing: Outgoing, canBeAbandoned: boolean) {
    this.id = id;
    this.#outgoing = outgoing;
    this.#canBeAbandoned = canBeAbandoned;
  }

  /** What is written after the operation was abandoned reaches nobody (RFC 4511 §4.11). */
  get writer(): ResponseWriter {
    return this.#isAbandoned ? new ResponseWriter() : this.#outgoing.writer;
  }

  drained(): Promise<void> | undefined {
    return this.#outgoing.drained();
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
