import { RefusedError } from '../errors.ts';
import type { Role } from '../memberships/membership-store.ts';
import type { Voucher } from './api-token.ts';

/**
 * A token does no more than whoever vouches for it: one of an admin's touches nobody who looks after the community,
 * and makes nobody look after it. An owner's does, and what the command line made.
 * @throws RefusedError `owner` when the member is not theirs to touch, `role` when the role is not theirs to give
 */
export function requireAuthority(
  voucher: Voucher | undefined,
  { of, given }: { of?: Role | undefined; given?: Role | undefined },
): void {
  if (voucher?.role !== 'admin') return;
  if (of !== undefined && of !== 'member')
    throw new RefusedError('owner', 'an admin’s token changes nobody who is an admin or an owner');
  if (given !== undefined && given !== 'member')
    throw new RefusedError('role', 'an admin’s token gives no other role than member');
}
