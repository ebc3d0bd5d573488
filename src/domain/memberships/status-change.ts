import type { Status } from './membership-store.ts';

type Change = { from: readonly Status[]; to: Status; event: string };

/** Where a membership may go from where. */
export const STATUS_CHANGES = {
  suspend: { from: ['active'], to: 'suspended', event: 'member.suspended' },
  resume: { from: ['suspended'], to: 'active', event: 'member.resumed' },
  admit: { from: ['requested'], to: 'active', event: 'member.admitted' },
  refuse: { from: ['requested'], to: 'left', event: 'member.refused' },
  /** Its time is over; an admin may let it go on. */
  end: { from: ['active'], to: 'suspended', event: 'member.ended' },
  /** The person asked for their account to be deleted; until it is, they may come back. */
  hold: { from: ['active'], to: 'suspended', event: 'member.deletion-requested' },
  stay: { from: ['suspended'], to: 'active', event: 'member.deletion-cancelled' },
  leave: { from: ['active', 'suspended'], to: 'left', event: 'member.left' },
  /** Whoever asked to join takes that back; from everybody else a request gets an answer. */
  withdraw: { from: ['requested'], to: 'left', event: 'member.left' },
  /** By the operator's word; everybody else comes back as somebody new, by an invitation or a request. */
  return: { from: ['left'], to: 'active', event: 'member.returned' },
} as const satisfies Record<string, Change>;

export type StatusChange = keyof typeof STATUS_CHANGES;

/** What leads from one status to another; undefined when nothing does. */
export function statusChange(from: Status, to: Status): StatusChange | undefined {
  // What only the person does is not among them: a request that comes to nothing was refused.
  const usual = ['suspend', 'resume', 'admit', 'refuse', 'leave', 'return'] as const;
  return usual.find((change) => {
    const { from: origins, to: target }: Change = STATUS_CHANGES[change];
    return target === to && origins.includes(from);
  });
}

/** Whether a change may be made of a membership that is where it is. */
export function isPossible(
  change: StatusChange,
  { status, statusReason }: { status: Status; statusReason: string | null },
): boolean {
  const { from }: Change = STATUS_CHANGES[change];
  if (!from.includes(status)) return false;
  // Whoever waits for their account to be deleted can take that back themselves, and nobody else.
  const isHeld = statusReason === 'deletion';
  if (change === 'resume') return !isHeld;
  return change !== 'stay' || isHeld;
}
