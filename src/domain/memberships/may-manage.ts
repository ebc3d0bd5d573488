import type { Role } from './membership-store.ts';

/** Whether somebody of this role may change, end and see the sessions of somebody of that one: an admin touches no owner. */
export function mayManage(own: Role, other: Role): boolean {
  return own === 'owner' || (own === 'admin' && other !== 'owner');
}

/** The roles that somebody of this role may give to those whom they may change. */
export function rolesToGive(own: Role): readonly Role[] {
  if (own === 'owner') return ['member', 'admin', 'owner'];
  return own === 'admin' ? ['member', 'admin'] : [];
}
