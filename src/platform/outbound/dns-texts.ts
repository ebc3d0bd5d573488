import { getServers } from 'node:dns';
import { Resolver } from 'node:dns/promises';

/** What the DNS says of a wanted text: there; something else there; nothing; or nobody answered. */
export type TextFinding = 'found' | 'other' | 'absent' | 'unanswered';

export type DnsTexts = {
  /**
   * Whether a TXT record of this name (RFC 1035 §3.3.14) is exactly the wanted text. The resolvers are asked
   * first; where they do not have it, the servers of the zone, which know what was just written.
   */
  find(name: string, wanted: string): Promise<TextFinding>;
};

/** Answers that say there is none (RFC 2308 §2). */
const NONE = ['ENODATA', 'ENOTFOUND'];
/** In milliseconds: of one question, and of all that one look takes. */
const TIMEOUT_MS = 1_500;
const LONGEST_MS = 10_000;
const MOST_RECORDS = 50;
const MOST_ZONES = 8;
const MOST_SERVERS = 4;

/**
 * @param servers addresses of resolvers, as `ADDRESS` or `ADDRESS:PORT`; empty: the machine's own
 * @param isAllowed whether a zone's server, which others name, may be asked at this address
 */
export function createDnsTexts(options: {
  servers: readonly string[];
  isAllowed(address: string): boolean;
  /** Where zones' servers listen. */
  zonePort?: number;
}): DnsTexts {
  const { servers, isAllowed, zonePort = 53 } = options;
  const resolvers = () => (servers.length > 0 ? servers : getServers());

  async function find(
    name: string,
    wanted: string,
    resolverOf: (servers: readonly string[]) => Resolver,
  ): Promise<TextFinding> {
    const resolver = resolverOf(resolvers());
    const first = await look(resolver, name, wanted);
    if (first === 'found') return first;
    const addresses = (await zoneServers(resolver, name)).filter(isAllowed).slice(0, MOST_SERVERS);
    const others = await Promise.all(
      addresses.map((address) => {
        const server = address.includes(':') ? `[${address}]` : address;
        return look(resolverOf([`${server}:${zonePort}`]), name, wanted);
      }),
    );
    const all = [first, ...others];
    const order: TextFinding[] = ['found', 'other', 'absent'];
    return order.find((finding) => all.includes(finding)) ?? 'unanswered';
  }

  return {
    async find(name, wanted) {
      const open: Resolver[] = [];
      const late = setTimeout(() => {
        for (const resolver of open) resolver.cancel();
      }, LONGEST_MS);
      try {
        return await find(name, wanted, (addresses) => {
          const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 2 });
          resolver.setServers(addresses);
          open.push(resolver);
          return resolver;
        });
      } finally {
        clearTimeout(late);
      }
    },
  };
}

async function look(resolver: Resolver, name: string, wanted: string): Promise<TextFinding> {
  try {
    const records = (await resolver.resolveTxt(name)).slice(0, MOST_RECORDS);
    // One text may come in several strings.
    const isThere = records.some((strings) => strings.join('').trim() === wanted);
    return isThere ? 'found' : records.length > 0 ? 'other' : 'absent';
  } catch (error) {
    return isNone(error) ? 'absent' : 'unanswered';
  }
}

function isNone(error: unknown): boolean {
  return NONE.includes((error as NodeJS.ErrnoException).code ?? '');
}

/** Addresses of the servers of the zone that holds a name: of the nearest name above it that has any. */
async function zoneServers(resolver: Resolver, name: string): Promise<string[]> {
  const labels = name.split('.');
  const zones = labels
    .map((_, index) => labels.slice(index).join('.'))
    .slice(1, -1)
    .slice(0, MOST_ZONES);
  for (const zone of zones) {
    const names = await resolver
      .resolveNs(zone)
      .catch((error: unknown) => (isNone(error) ? [] : undefined));
    // Who does not answer for one name would keep us waiting for each of the others.
    if (names === undefined) return [];
    if (names.length === 0) continue;
    const found = await Promise.all(
      names
        .slice(0, MOST_SERVERS)
        .flatMap((server) => [
          resolver.resolve4(server).catch(() => []),
          resolver.resolve6(server).catch(() => []),
        ]),
    );
    return found.flat();
  }
  return [];
}
