import type { Proof } from './host-claim.ts';

declare module '../../platform/events/record-event.ts' {
  interface EventDetails {
    'host.claimed': { host: string };
    'host.proven': { host: string; proof: Proof };
    'host.released': { host: string };
    /** What showed that it is the community's is not there any more; the host stays. */
    'host.missed': { host: string };
    'host.found': { host: string };
  }
}
