/** All connections with more to do than fits their turn have this long together, in milliseconds. */
const ROUND_MS = 6;

/**
 * Lets connections with much to do take turns, one after the other. After each round the event loop looks
 * for new requests: a client with one request waits for one round, however many have thousands.
 */
export class Turns {
  #waiting: (() => void)[] = [];
  #isScheduled = false;

  /** @param goOn called when it is this connection's turn; must not throw */
  wait(goOn: () => void): void {
    this.#waiting.push(goOn);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#round);
  }

  #round = (): void => {
    this.#isScheduled = false;
    const until = performance.now() + ROUND_MS;
    let taken = 0;
    while (taken < this.#waiting.length && performance.now() < until) this.#waiting[taken++]?.();
    this.#waiting.splice(0, taken);
    if (this.#waiting.length > 0) this.#schedule();
  };
}
