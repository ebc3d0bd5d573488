import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';

/** The address that a request leads to is not one that this hub may reach. */
export class AddressRefusedError extends Error {
  override readonly name = 'AddressRefusedError';
  constructor(host: string) {
    super(
      `${host} leads to a private or reserved address; TROUSSEAU_PRIVATE_NETWORKS names those that may be reached`,
    );
  }
}

const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Names are resolved on libuv's pool, which also hashes passwords: when the name servers do not
 * answer, only this many of its four threads wait for them.
 */
const LOOKUPS_AT_ONCE = 2;

/**
 * Connects to allowed addresses only. The check is made on the very address that is connected to, so a
 * name that resolves otherwise a moment later (DNS rebinding) gains nothing.
 */
export function guardedConnector(
  isAllowed: (address: string) => boolean,
): buildConnector.connector {
  const resolve = takingTurns(LOOKUPS_AT_ONCE, (host: string) => lookup(host, { all: true }));

  const guardedLookup: LookupFunction = (host, options, callback) => {
    resolve(host).then(
      (found) => {
        const allowed = found.filter(
          ({ address, family }) =>
            isAllowed(address) && (!options.family || options.family === family),
        );
        const [first] = allowed;
        if (first === undefined) callback(new AddressRefusedError(host), '', 0);
        else if (options.all) callback(null, allowed);
        else callback(null, first.address, first.family);
      },
      (error) => callback(error, '', 0),
    );
  };

  const connect = buildConnector({ timeout: CONNECT_TIMEOUT_MS, lookup: guardedLookup });
  return (options, callback) => {
    const host = options.hostname.replace(/^\[(.*)\]$/, '$1');
    // A literal address is never looked up.
    if (isIP(host) !== 0 && !isAllowed(host)) callback(new AddressRefusedError(host), null);
    else connect(options, callback);
  };
}

/** Runs at most `limit` calls at once; the others wait, in order. */
function takingTurns<Argument, Result>(
  limit: number,
  work: (argument: Argument) => Promise<Result>,
): (argument: Argument) => Promise<Result> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (argument) => {
    if (running >= limit) await new Promise<void>((resume) => waiting.push(resume));
    else running += 1;
    try {
      return await work(argument);
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
