import { BusyError } from '../errors/busy-error.ts';

/** Whose work it is. */
export type Claimant = {
  /** The tenant: tenants share what there is in equal parts. */
  tenant: string;
  /** Who asks, within the tenant: an account, a network, a program. */
  asker: string;
  /** Places that one such asker may have. */
  most: number;
  /** Whoever was here before goes before strangers, where there is no place for both. */
  isKnown?: boolean;
};

/** Leave to have costly work done, until it is given back. */
export type Place = {
  readonly claimant: Claimant;
  /** Aborted, with a BusyError, when somebody else got the place, and when it was given back. */
  readonly signal: AbortSignal;
  /** While work is under way, nobody else gets the place. */
  isWorking: boolean;
  /** Gives it back; more than once does no harm. */
  leave(): void;
};

export type AdmissionLimits = { inAll: number; ofTenant: number };
export type Admission = {
  /**
   * Gives a place at once; nobody waits for one.
   * @throws BusyError when there is none for this claimant
   */
  enter(claimant: Claimant): Place;
};

type Tenant = { askers: Map<string, Seat[]>; count: number };
type Seat = Place & { evict(): void };

const NO_TENANT: Tenant = { askers: new Map(), count: 0 };

/**
 * So many places for costly work, in all and for each tenant, taken before anything is done for it, be it
 * reading what was sent: so the wait for what they do is bounded, too. When they are all taken, whoever has the
 * most gives one up for who has less: neither a tenant nor an asker keeps another out.
 */
export function createAdmission(limits: AdmissionLimits): Admission {
  const tenants = new Map<string, Tenant>();
  let count = 0;

  function enter(claimant: Claimant): Place {
    const tenant = tenants.get(claimant.tenant) ?? NO_TENANT;
    const own = tenant.askers.get(claimant.asker)?.length ?? 0;
    if (own >= claimant.most) throw new BusyError('one asks for too much at once');
    if (tenant.count >= limits.ofTenant || count >= limits.inAll) {
      const loser = tenant.count < limits.ofTenant ? loserAmong(tenant) : undefined;
      const seat = loser ?? loserWithin(tenant, claimant, own);
      if (seat === undefined) throw new BusyError('too much is asked for at once');
      seat.evict();
    }
    return seat(claimant);
  }

  /** A place of the tenant that has most, where that is two more than the newcomer's. */
  function loserAmong(own: Tenant): Seat | undefined {
    const [largest] = [...tenants.values()].sort((a, b) => b.count - a.count);
    if (largest === undefined || largest.count <= own.count + 1) return undefined;
    return idleSeat(largest, () => true);
  }

  /** Within a tenant, a place of whoever has two more than the newcomer; or a stranger's, for one who is known. */
  function loserWithin(tenant: Tenant, { isKnown }: Claimant, own: number): Seat | undefined {
    return idleSeat(
      tenant,
      (seats, { claimant }) => seats.length > own + 1 || (isKnown === true && !claimant.isKnown),
    );
  }

  function seat(claimant: Claimant): Place {
    const tenant = tenants.get(claimant.tenant) ?? { askers: new Map<string, Seat[]>(), count: 0 };
    const seats = tenant.askers.get(claimant.asker) ?? [];
    const ending = new AbortController();
    const end = (why: string) => {
      if (ending.signal.aborted) return;
      seats.splice(seats.indexOf(made), 1);
      if (seats.length === 0) tenant.askers.delete(claimant.asker);
      tenant.count -= 1;
      if (tenant.count === 0) tenants.delete(claimant.tenant);
      count -= 1;
      ending.abort(new BusyError(why));
    };
    const made: Seat = {
      claimant,
      signal: ending.signal,
      isWorking: false,
      leave: () => end('the place was given back'),
      evict: () => end('the place went to somebody else'),
    };
    seats.push(made);
    tenant.askers.set(claimant.asker, seats);
    tenant.count += 1;
    tenants.set(claimant.tenant, tenant);
    count += 1;
    return made;
  }

  return { enter };
}

/** The newest place that may go, of those who have most. */
function idleSeat(
  tenant: Tenant,
  mayGo: (seats: readonly Seat[], seat: Seat) => boolean,
): Seat | undefined {
  const lists = [...tenant.askers.values()].sort((a, b) => b.length - a.length);
  for (const seats of lists) {
    const found = seats.findLast((seat) => !seat.isWorking && mayGo(seats, seat));
    if (found !== undefined) return found;
  }
  return undefined;
}
