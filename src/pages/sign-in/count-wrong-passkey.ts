import type { Allowance } from '../../platform/throttles/limiter.ts';
import { networkOf } from '../../platform/throttles/network.ts';
import type { WebParts } from '../routing/web-parts.ts';

/**
 * Counts a wrong answer for the address that it came from. Nobody guesses a signature, so that a right one
 * is never held up: this keeps a flood from filling the audit trail.
 */
export async function countWrongPasskey(
  parts: Pick<WebParts, 'throttle'>,
  communityId: string,
  ip: string,
): Promise<Allowance> {
  const name = `passkey:${networkOf(ip)}`;
  const counted = await parts.throttle.attempt({ communityId, name, account: name, ip });
  return 'besieged' in counted ? counted.besieged : counted;
}
