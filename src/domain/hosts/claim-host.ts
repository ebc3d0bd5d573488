import { randomBytes } from 'node:crypto';
import type { Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import { type CommunityRow, readCommunity } from '../communities/community-rows.ts';
import { lockCommunity, lockHubNames } from '../communities/lock-communities.ts';
import { saveCommunities } from '../communities/save-communities.ts';
import { NotFoundError, RefusedError } from '../errors.ts';
import { claimableHost, type ReservedHosts } from './claimable-host.ts';
import { CLAIM_DAYS, type HostClaim, type HostUse, MOST_HOSTS } from './host-claim.ts';
import {
  deleteClaim,
  findClaim,
  holderOf,
  insertClaim,
  listClaims,
  setClaimUse,
} from './host-claim-store.ts';

/** What became of a claim: what is to be shown, or undefined for a host that is the community's already. */
export type Claimed = { host: string; claim: HostClaim | undefined };

/**
 * Says that a host is a community's. It counts when it is proven (`check-host.ts`), within a week; several may
 * say so of one host, and one of them can prove it. Saying it again changes nothing but what it is for.
 * @param typed as somebody writes a host
 * @throws RefusedError `host-shape`, `host-reserved`, `host-taken`, `too-many-hosts`
 */
export async function claimHost(
  tx: Transaction,
  { communityId, ...reserved }: ReservedHosts & { communityId: string },
  { host: typed, ...use }: HostUse & { host: string },
  actor: Actor,
): Promise<Claimed> {
  const host = claimableHost(typed, reserved);
  if (!use.web && !use.ldap)
    throw new RefusedError('value', 'a host is for the web, for LDAP, or both');
  await lockHubNames(tx);
  await lockCommunity(tx, communityId);
  const holder = await holderOf(tx, host);
  if (holder !== undefined && holder !== communityId) throw taken(host);
  if (holder === communityId) {
    await addOwnHost(tx, communityId, { host, ...use }, actor, reserved.hubUrl);
    return { host, claim: undefined };
  }
  const before = await findClaim(tx, communityId, host);
  if (before === undefined) {
    await requireRoom(tx, communityId);
    const token = randomBytes(24).toString('base64url');
    await insertClaim(tx, { communityId, host, ...use, token, days: CLAIM_DAYS });
    await recordEvents(tx, [{ communityId, type: 'host.claimed', actor, details: { host } }]);
  } else {
    const both = { web: use.web || before.web, ldap: use.ldap || before.ldap };
    await setClaimUse(tx, { communityId, host, ...both });
  }
  return { host, claim: await findClaim(tx, communityId, host) };
}

/** Nobody is told whose it is: what another community has is not this one's to know. */
export function taken(host: string): RefusedError {
  return new RefusedError(
    'host-taken',
    `"${host}" is proven by another community of this hub: give another, or ask the operator if it is yours`,
  );
}

/**
 * A host is the community's no longer, or not claimed any more.
 * @throws NotFoundError when it is neither
 * @throws RefusedError `host-issuer` when a service has it as its issuer
 */
export async function releaseHost(
  tx: Transaction,
  { communityId, hubUrl }: { communityId: string; hubUrl: string },
  host: string,
  actor: Actor,
): Promise<void> {
  await lockHubNames(tx);
  const { slug, hosts, ldapHosts } = await communityOf(tx, communityId);
  const without = (list: readonly string[]) => list.filter((other) => other !== host);
  const isOwn = hosts.includes(host) || ldapHosts.includes(host);
  if (!isOwn && (await findClaim(tx, communityId, host)) === undefined)
    throw new NotFoundError('host', host);
  if (isOwn) {
    const lists = { hosts: without(hosts), ldapHosts: without(ldapHosts) };
    await saveCommunities(tx, [{ slug, must: 'exist', ...lists }], actor, hubUrl);
  }
  await deleteClaim(tx, communityId, host);
  await recordEvents(tx, [{ communityId, type: 'host.released', actor, details: { host } }]);
}

/**
 * Lets a host count at once, because the operator says so; one that the community proved is the operator's word from
 * then on, and is looked at no more.
 * @returns the host in normal form
 * @throws RefusedError as `claimHost` does
 */
export async function addProvenHost(
  tx: Transaction,
  { communityId, ...reserved }: ReservedHosts & { communityId: string },
  { host: typed, ...use }: HostUse & { host: string },
  actor: Actor,
): Promise<string> {
  const host = claimableHost(typed, reserved);
  await lockHubNames(tx);
  await addOwnHost(tx, communityId, { host, ...use }, actor, reserved.hubUrl);
  await deleteClaim(tx, communityId, host);
  return host;
}

/** Puts a host at the end of the lists that it is for; it is nobody else's. */
export async function addOwnHost(
  tx: Transaction,
  communityId: string,
  { host, web, ldap }: HostUse & { host: string },
  actor: Actor,
  hubUrl: string,
): Promise<void> {
  const { slug, hosts, ldapHosts } = await communityOf(tx, communityId);
  const lists = {
    hosts: web ? [...new Set([...hosts, host])] : hosts,
    ldapHosts: ldap ? [...new Set([...ldapHosts, host])] : ldapHosts,
  };
  await saveCommunities(tx, [{ slug, must: 'exist', ...lists }], actor, hubUrl);
}

async function communityOf(tx: Transaction, communityId: string): Promise<CommunityRow> {
  const community = await readCommunity(tx, communityId);
  if (community === undefined) throw new NotFoundError('community');
  return community;
}

async function requireRoom(tx: Transaction, communityId: string): Promise<void> {
  const { hosts, ldapHosts } = await communityOf(tx, communityId);
  const claims = (await listClaims(tx, communityId)).map(({ host }) => host);
  if (new Set([...hosts, ...ldapHosts, ...claims]).size < MOST_HOSTS) return;
  throw new RefusedError(
    'too-many-hosts',
    `a community has ${MOST_HOSTS} hosts at the most, claimed ones counted: remove one first`,
  );
}
