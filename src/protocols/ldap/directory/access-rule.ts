import type { AccessRule, Person } from './directory.ts';

/** Whether an active member of an active community may use the service now. */
export function mayUse(rule: AccessRule, person: Person): boolean {
  const account = person.accounts?.get(rule.serviceId);
  if (account === 'blocked') return false;
  if (rule.access === 'everyone') return true;
  if (rule.access === 'approval') return account === 'active';
  for (const group of person.groups) if (rule.groups.has(group)) return true;
  return false;
}
