import type { Group, Person } from './directory.ts';

/** Whom a service lets in, as `accessTo` (src/memberships/member.ts) decides it for sign-in. */
export type AccessRule = {
  serviceId: string;
  access: 'everyone' | 'groups' | 'approval';
  /** The groups of the rule, and all that are nested in them. */
  groups: ReadonlySet<Group>;
};

/** Whether an active member of an active community may use the service now. */
export function mayUse(rule: AccessRule, person: Person): boolean {
  const account = person.accounts?.get(rule.serviceId);
  if (account === 'blocked') return false;
  if (rule.access === 'everyone') return true;
  if (rule.access === 'approval') return account === 'active';
  for (const group of person.groups) if (rule.groups.has(group)) return true;
  return false;
}
