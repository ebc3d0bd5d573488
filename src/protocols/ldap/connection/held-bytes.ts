/** A connection, by what it keeps in memory. */
export type Holder = {
  /** Where the client is: an address, or an IPv6 /64. */
  readonly network: string;
  /** What its network is a part of, and one may have whole: an IPv4 /24, or an IPv6 /48. */
  readonly neighbourhood: string;
  readonly isBound: boolean;
  /** Bytes that requests take that are not whole, wait or run, and answers that the client has not read. */
  readonly held: number;
  /** Ends it, so that it soon holds nothing. Again: at once. */
  giveUp(): void;
};

/** Who holds no more than this is never ended for it: a request of the usual size is always heard. */
const SMALL = 8_192;
/** When it is too much, so much of what is allowed is left: it is long until all are looked at again. */
const LEFT = 0.9;

/** Together, what is not small of some holders. */
type Group = { held: number };
type Network = Group & { holders: Holder[] };
type Neighbourhood = Group & { networks: Map<string, Network> };

/**
 * Bounds what all connections together hold. When it is too much, whoever is ended is not the one that came last
 * but one of the network that holds most, of the neighbourhood that does: clients with small requests go on,
 * however many others have large ones, and from however many addresses. Who is bound comes after who is not.
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
    if (this.#total <= this.#most) return;
    for (const isBound of [false, true]) this.#takeBack(isBound);
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

  #takeBack(isBound: boolean): void {
    const neighbourhoods = this.#gather(isBound);
    while (this.#total > LEFT * this.#most) {
      const neighbourhood = largest(neighbourhoods);
      const network = neighbourhood && largest(neighbourhood.networks);
      const holder = network?.holders.pop();
      if (holder === undefined) return;
      const held = this.#known.get(holder) ?? 0;
      for (const group of [neighbourhood, network]) if (group) group.held -= held;
      holder.giveUp();
      // Where its last words are many.
      if (holder.held > SMALL) holder.giveUp();
      this.#count(holder);
    }
  }

  /** Who holds more than is small; in each network, who holds most comes last. */
  #gather(isBound: boolean): Map<string, Neighbourhood> {
    const neighbourhoods = new Map<string, Neighbourhood>();
    for (const [holder, held] of [...this.#known].sort(([, a], [, b]) => a - b)) {
      if (held <= SMALL || holder.isBound !== isBound) continue;
      const neighbourhood = neighbourhoods.get(holder.neighbourhood) ?? {
        held: 0,
        networks: new Map<string, Network>(),
      };
      const network = neighbourhood.networks.get(holder.network) ?? { held: 0, holders: [] };
      neighbourhood.held += held;
      network.held += held;
      network.holders.push(holder);
      neighbourhoods.set(holder.neighbourhood, neighbourhood);
      neighbourhood.networks.set(holder.network, network);
    }
    return neighbourhoods;
  }
}

function largest<G extends Group>(groups: Map<string, G>): G | undefined {
  let found: G | undefined;
  for (const group of groups.values()) if (group.held > (found?.held ?? 0)) found = group;
  return found;
}
