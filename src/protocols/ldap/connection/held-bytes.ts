/** A connection, by what it keeps in memory. */
export type Holder = {
  /** Where the client is: an address, or an IPv6 /64. */
  readonly network: string;
  /** Bytes that requests take that are not whole, wait or run, and answers that the client has not read. */
  readonly held: number;
  /** Ends it, so that it soon holds nothing. Again: at once. */
  giveUp(): void;
};

/** Who holds no more than this is never ended for it: a request of the usual size is always heard. */
const SMALL = 8_192;

/**
 * Bounds what all connections together hold. When it is too much, whoever is ended is not the one that came last
 * but one of the network that holds most: clients with small requests go on, however many others have large ones.
 */
export class HeldBytes {
  #most: number;
  #total = 0;
  /** What each held when it was last looked at; who holds nothing is not in it. */
  #known = new Map<Holder, number>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Looks at what a connection holds now. */
  note(holder: Holder): void {
    const grown = this.#count(holder);
    if (grown <= 0 || this.#total <= this.#most) return;
    // Of what was counted before, some was read since.
    for (const other of [...this.#known.keys()]) this.#count(other);
    while (this.#total > this.#most) {
      const largest = this.#largest();
      if (largest === undefined) return;
      largest.giveUp();
      this.#count(largest);
    }
  }

  /** @returns by how much it holds more than before */
  #count(holder: Holder): number {
    const { held } = holder;
    const grown = held - (this.#known.get(holder) ?? 0);
    if (held === 0) this.#known.delete(holder);
    else if (grown !== 0) this.#known.set(holder, held);
    this.#total += grown;
    return grown;
  }

  /** Who holds most, of the network that holds most of what is not small. */
  #largest(): Holder | undefined {
    const networks = new Map<string, { held: number; first: Holder; ofFirst: number }>();
    for (const [holder, held] of this.#known) {
      if (held <= SMALL) continue;
      const network = networks.get(holder.network) ?? { held: 0, first: holder, ofFirst: held };
      network.held += held;
      if (held > network.ofFirst) Object.assign(network, { first: holder, ofFirst: held });
      networks.set(holder.network, network);
    }
    const [most] = [...networks.values()].sort((a, b) => b.held - a.held);
    return most?.first;
  }
}
