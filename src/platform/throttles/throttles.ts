import type pg from 'pg';
import type { Sealer } from '../secrets/sealer.ts';
import { createFactorThrottle, type FactorThrottle } from './factor-throttle.ts';
import { createRequestThrottle, type RequestThrottle } from './request-throttle.ts';
import { createSignInThrottle, type SignInThrottle } from './sign-in-throttle.ts';

/**
 * All that is counted against guessers and floods, kept in PostgreSQL. Passwords: `attempt` and
 * `succeeded`, and what is known of apps; codes as a second factor: `factor` and `factorSucceeded`; whatever anybody may ask for
 * (registration, recovery, an invitation's form, a verification mail): `request`. The limits are told in
 * docs/security.md.
 */
export type Throttles = SignInThrottle & FactorThrottle & RequestThrottle;

export function createThrottles(pool: pg.Pool, sealer: Sealer): Throttles {
  return {
    ...createSignInThrottle(pool, sealer),
    ...createFactorThrottle(pool, sealer),
    ...createRequestThrottle(pool, sealer),
  };
}
