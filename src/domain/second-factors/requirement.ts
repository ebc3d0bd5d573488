import type { Community } from '../communities/community.ts';

/** What a community asks of a member: `required` says whether, `from` since or from when, `inForce` whether now. */
export type SecondFactorRequirement = {
  required: boolean;
  /** Undefined when it counts at once, or not at all. */
  from: Date | undefined;
  inForce: boolean;
};

/** Whether a member must have a second factor, by their role and the community's date. */
export function secondFactorRequirement(
  community: { secondFactor: Community['secondFactor']; secondFactorFrom: string | Date | null },
  member: { role: string },
  now = new Date(),
): SecondFactorRequirement {
  const { secondFactor, secondFactorFrom } = community;
  const required =
    secondFactor === 'all' || (secondFactor === 'admins' && member.role !== 'member');
  if (!required) return { required, from: undefined, inForce: false };
  const from = secondFactorFrom === null ? undefined : new Date(secondFactorFrom);
  return { required, from, inForce: from === undefined || from <= now };
}
