/** What showed that a host is a community's: a record in the DNS, or a file at the host. */
export type Proof = 'dns' | 'file';

/** What a host is for: pages and issuers, or LDAP. */
export type HostUse = { web: boolean; ldap: boolean };

/** A host that a community says is its own. */
export type HostClaim = HostUse & {
  communityId: string;
  host: string;
  /** What the record or the file has to say. */
  token: string;
  /** Null for one that nothing has shown yet. */
  proof: Proof | null;
  claimedAt: Date;
  /** When a claim that nothing has shown goes; null for one that is proven. */
  expiresAt: Date | null;
  checkedAt: Date | null;
  /** Since when what showed it is not there any more. */
  missingSince: Date | null;
  toldAt: Date | null;
};

/** Of one community: hosts and claims together. */
export const MOST_HOSTS = 20;
export const CLAIM_DAYS = 7;

/** The name whose TXT record shows that a host is a community's. */
export function recordName(host: string): string {
  return `_trousseau-challenge.${host}`;
}

/** Where a file shows the same: its text is the token, on a line of its own. */
export const PROOF_PATH = '/.well-known/trousseau-challenge.txt';
