import { HashFault } from './foreign-hash.ts';
import { readForeignHash } from './read-foreign-hash.ts';

/** Cheaper ones cost the same as far as a wait can tell. */
const LEAST_MILLISECONDS = 0.5;

/**
 * What a hash has in common with all that cost about the same: its algorithm, and its cost to a factor of two.
 * (Some systems give each hash a number of rounds of its own: each would be a kind.)
 */
export function kindOf(hash: string): { kind: string; cost: number } {
  const found = readForeignHash(hash);
  if (found instanceof HashFault) return { kind: 'unknown', cost: 0 };
  const { family } = found;
  const cost = Math.max(LEAST_MILLISECONDS, found.cost);
  return { kind: `${family}, 2^${Math.round(Math.log2(cost))} ms`, cost };
}
