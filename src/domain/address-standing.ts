/**
 * What is known of an address: its person opened a link that was sent to it (`proven`), somebody's word stands
 * for it (`vouched`), or nothing does (`open`). All who ask read it here, and no column by themselves
 * (docs/decisions/0046).
 */
export type AddressStanding = 'proven' | 'vouched' | 'open';

// Conditions on an address `e`, of a person `p`.

/** The person's own proof: what lets them join, choose the address, and be told there whatever happens. */
export const PROVEN = 'e.proven_at IS NOT NULL';

/** Somebody's word for it, which a community's file or an operator gives: a fact, whatever it is worth. */
export const GIVEN_WORD = 'e.verified_at IS NOT NULL';

/**
 * What apps are told is verified (`email_verified`, LDAP's `mail`). The word of others counts, but for whom
 * two admins let in again: whoever had their mailbox may have it still.
 */
export const VERIFIED = `(${PROVEN} OR (${GIVEN_WORD} AND p.given_back_at IS NULL))`;

/** An `AddressStanding`. */
export const STANDING = `CASE WHEN ${PROVEN} THEN 'proven' WHEN ${VERIFIED} THEN 'vouched' ELSE 'open' END`;

/**
 * Whether the address that a membership `m` uses recovers the account. A community's admins can set the address
 * of a member: where the person has anything outside of the community, only an address that they proved
 * themselves counts (docs/decisions/0014). So it is for whom two admins let in again (docs/decisions/0040).
 */
export const RECOVERS = `(${PROVEN} OR NOT (p.given_back_at IS NOT NULL
  OR EXISTS (SELECT 1 FROM memberships o WHERE o.person_id = m.person_id AND o.community_id <> m.community_id)
  OR EXISTS (SELECT 1 FROM operators o WHERE o.person_id = m.person_id)))`;

/** Whether the address may refuse a recovery by two admins: any that counts, and the one that the membership uses. */
export const REFUSES_RECOVERY = `(${VERIFIED} OR (p.given_back_at IS NULL AND e.address = m.email))`;
