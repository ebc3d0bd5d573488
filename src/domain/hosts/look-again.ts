import type { Database } from '../../platform/database/database.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import { communityAddress } from '../communities/community-address.ts';
import { notifyAdmins } from '../notices/notify-admins.ts';
import { findProof, isGone, type ProofParts } from './find-proof.ts';
import type { HostClaim } from './host-claim.ts';
import { claimsToLookAt, noteLooked } from './host-claim-store.ts';

const MOST = 500;
const AT_ONCE = 10;

/**
 * Looks at proven hosts again, each once a day. Where the proof was gone twice, six hours apart, the admins are
 * told, once; the host stays the community's, since its apps would find nobody there.
 * @returns how many hosts were found without their proof
 */
export async function lookAtHostsAgain(
  database: Database,
  parts: ProofParts & { hubUrl: string },
  { now = new Date(), signal }: { now?: Date; signal?: AbortSignal } = {},
): Promise<number> {
  const due = await claimsToLookAt(database, now, MOST);
  let gone = 0;
  const work = async () => {
    for (let claim = due.shift(); claim !== undefined && !signal?.aborted; claim = due.shift())
      if (await lookAgain(database, parts, claim, now)) gone += 1;
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return gone;
}

/** @returns whether the proof is gone */
async function lookAgain(
  database: Database,
  parts: ProofParts & { hubUrl: string },
  claim: HostClaim,
  now: Date,
): Promise<boolean> {
  const { communityId, host, missingSince, toldAt } = claim;
  const seen = await findProof(parts, claim);
  const event = { communityId, actor: 'hub', details: { host } } as const;
  if (seen.proof === undefined && !isGone(seen, claim.proof)) {
    // Nobody answered: nothing is known, and it is asked again in its turn.
    await database.transaction((tx) =>
      noteLooked(tx, claim, { now, proof: null, missingSince, toldAt }),
    );
    return false;
  }
  await database.transaction(async (tx) => {
    const isMissing = seen.proof === undefined;
    const tells = isMissing && missingSince !== null && toldAt === null;
    const isThere = await noteLooked(tx, claim, {
      now,
      // What shows it now is what is missed when it is not there any more.
      proof: seen.proof ?? null,
      missingSince: isMissing ? (missingSince ?? now) : null,
      toldAt: isMissing ? (tells ? now : toldAt) : null,
    });
    if (!isThere) return;
    if (!isMissing && toldAt !== null) await recordEvents(tx, [{ ...event, type: 'host.found' }]);
    if (!tells) return;
    await recordEvents(tx, [{ ...event, type: 'host.missed' }]);
    const issuerUrl = await communityAddress(tx, new URL(parts.hubUrl), communityId);
    const data = { host };
    await notifyAdmins(tx, { communityId, issuerUrl, template: 'host-missed', data });
  });
  return seen.proof === undefined;
}
