import type { Database } from '../../platform/database/database.ts';
import { TooManyError } from '../../platform/errors/too-many-error.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import { consume, createLimiters } from '../../platform/throttles/limiter.ts';
import { lockHubNames } from '../communities/lock-communities.ts';
import { NotFoundError } from '../errors.ts';
import { addOwnHost, taken } from './claim-host.ts';
import { findProof, type ProofParts, type Seen } from './find-proof.ts';
import { findClaim, holderOf, noteChecked } from './host-claim-store.ts';

/** Of all hosts of one community, in an hour. */
const CHECKS = { points: 30, duration: 3_600 };

export type HostChecks = {
  /**
   * Looks whether a host that a community claims is its own, and if so, makes it count. Nothing is held open
   * while others are asked.
   * @throws NotFoundError for what it does not claim, or claimed anew meanwhile
   * @throws TooManyError after 30 looks in an hour
   * @throws RefusedError `host-taken` when another community was first
   */
  check(communityId: string, host: string, actor: Actor): Promise<Seen>;
};

export function createHostChecks(
  database: Database,
  parts: ProofParts & { hubUrl: string },
): HostChecks {
  const { checks } = createLimiters(database.pool, { checks: CHECKS });

  return {
    async check(communityId, host, actor) {
      const claim = await findClaim(database, communityId, host);
      if (claim === undefined) throw new NotFoundError('host', host);
      const refusal = await consume([checks, `hosts:${communityId}`]);
      if (refusal !== undefined) {
        const words = 'hosts of this community were looked at too often in the last hour';
        throw new TooManyError(words, refusal.retryAfterSeconds);
      }
      const seen = await findProof(parts, claim);
      await database.transaction(async (tx) => {
        await lockHubNames(tx);
        const holder = await holderOf(tx, host);
        if (holder !== undefined && holder !== communityId) throw taken(host);
        if (!(await noteChecked(tx, claim, seen.proof))) throw new NotFoundError('host', host);
        if (seen.proof === undefined || claim.proof !== null) return;
        // What it is for may have been said anew while others were asked.
        const now = (await findClaim(tx, communityId, host)) ?? claim;
        await addOwnHost(tx, communityId, now, actor, parts.hubUrl);
        const details = { host, proof: seen.proof };
        await recordEvents(tx, [{ communityId, type: 'host.proven', actor, details }]);
      });
      return seen;
    },
  };
}
