import type { Retention } from '../../platform/config/retention.ts';

/** What is deleted: rows of a table whose column is older than so many days. */
export type Sweep = {
  table: string;
  /** The first column of the index that finds them. */
  column: string;
  /** Milliseconds since 1970 instead of a time. */
  inMilliseconds?: true;
  /** What else must be true, as the index says it. */
  condition?: string;
  /** Days beyond the column's time, or which of the operator's settings gives them; 0 where absent. */
  kept?: number | keyof Retention;
};

/** Long enough to see what was sent lately, and to say of a link what it was. */
const A_WEEK = 7;

/**
 * Everything that grows with time, and ends with it. Two types of events stay: who was refused or
 * deleted does not come back by another door (`release-address.ts`, `check-members.ts`). There is one
 * for a membership at the most.
 */
export const SWEEPS: readonly Sweep[] = [
  { table: 'sessions', column: 'expires_at' },
  { table: 'oidc_artifacts', column: 'expires_at' },
  { table: 'operator_sessions', column: 'expires_at' },
  { table: 'spent_proofs', column: 'expires_at' },
  { table: 'pending_sign_ins', column: 'expires_at' },
  { table: 'pending_operator_sign_ins', column: 'expires_at' },
  { table: 'done_steps', column: 'expires_at' },
  // Of a claim that nothing has shown; what is proven has no end.
  { table: 'host_claims', column: 'expires_at' },
  { table: 'links', column: 'expires_at', kept: A_WEEK },
  { table: 'signing_keys', column: 'expires_at' },
  { table: 'throttles', column: 'expire', inMilliseconds: true },
  { table: 'outbox', column: 'done_at', kept: A_WEEK },
  { table: 'outbox', column: 'failed_at', kept: 'failed' },
  { table: 'kept_mails', column: 'created_at', kept: 'keptMails' },
  {
    table: 'events',
    column: 'at',
    condition: `type NOT IN ('member.deleted', 'member.refused')`,
    kept: 'events',
  },
  { table: 'end_notices', column: 'ends_at', kept: A_WEEK },
  // Who was invited or let in again, and by whom, is told as long as the trail tells of it.
  { table: 'invitations', column: 'expires_at', kept: 'events' },
  { table: 'api_tokens', column: 'expires_at', kept: 'events' },
  { table: 'api_answers', column: 'expires_at' },
  { table: 'assisted_recoveries', column: 'ended_at', kept: 'events' },
];
