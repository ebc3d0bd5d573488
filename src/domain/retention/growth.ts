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
  // Who was invited or let in again, and by whom, is told as long as the trail tells of it.
  { table: 'invitations', column: 'expires_at', kept: 'events' },
  { table: 'assisted_recoveries', column: 'ended_at', kept: 'events' },
];

/** Every other table, and what it grows with instead of time. */
export const BOUNDED: Readonly<Record<string, string>> = {
  accounts: 'one a member and service',
  app_passwords: '100 a member and community',
  communities: 'what operators make',
  community_hosts: 'what operators make',
  community_logos: 'one a community',
  consents: 'one a member and service',
  disclosures: 'one a member and service',
  group_members: 'one a member and group',
  group_nestings: 'what admins make',
  groups: 'what admins make',
  hub_settings: 'the program’s own list',
  invitation_groups: 'go with the invitation',
  invitation_uses: 'go with the invitation',
  member_pictures: 'one a member',
  memberships: 'one a person and community, for good: a subject is never given to somebody else',
  operator_readers: 'what operators make',
  operators: 'what operators make',
  passkeys: 'what a person adds',
  person_emails: 'what a person adds',
  persons: 'one a human being, nameless once deleted',
  posix_ranges: 'one a community',
  recovery_codes: 'ten a person',
  registration_answers: 'one a question, for whoever asked to join',
  registration_questions: 'what admins make',
  schema_migrations: 'the program’s own list',
  service_access_groups: 'what admins make',
  service_clients: 'one a service',
  service_readers: 'one a service',
  services: 'what admins make',
  spent_localparts: 'one a deleted member, 50 bytes, for good',
  totp_secrets: 'one a person',
};
