import type { Allowance } from '../../platform/throttles/limiter.ts';
import { networkOf } from '../../platform/throttles/network.ts';
import type { WebParts } from '../routing/web-parts.ts';

/** `takeBack` is for an answer that turns out not to be a wrong one. */
type Counted = Allowance & { takeBack(): Promise<void> };

/**
 * Counts a wrong answer for the address that it came from. Nobody guesses a signature, so that a right one
 * is never held up: this keeps a flood from filling the audit trail.
 */
export async function countWrongPasskey(
  { throttle }: Pick<WebParts, 'throttle'>,
  communityId: string,
  ip: string,
): Promise<Counted> {
  const name = `passkey:${networkOf(ip)}`;
  const attempt = { communityId, name, account: name, ip };
  const counted = await throttle.attempt(attempt);
  const allowance = 'besieged' in counted ? counted.besieged : counted;
  return { ...allowance, takeBack: () => throttle.uncount(attempt) };
}
