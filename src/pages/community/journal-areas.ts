import type { EventType } from '../../platform/events/record-event.ts';

/** What happens all day long, and buries the rest: shown where it is asked for. */
export const JOURNAL_ROUTINE = [
  'member.signed-in',
  'member.signed-out',
  'sign-in.failed',
  'sign-in.throttled',
  'consent.given',
] as const satisfies EventType[];

/** Parts of the journal, by the types that belong to each; `changes` is all but the routine. */
export const JOURNAL_AREAS = {
  changes: undefined,
  members: [
    'member.',
    'members.',
    'email.',
    'passkey.',
    'totp.',
    'recovery.',
    'recovery-code.',
    'recovery-codes.',
    'assisted-recovery.',
    'app-password.',
    'export.',
  ],
  groups: ['group.'],
  services: ['service.', 'account.', 'consent.'],
  invitations: ['invitation.'],
  community: [
    'community.',
    'host.',
    'signing-keys.',
    'token.',
    'message.',
    'kept-mail.',
    'members.exported',
    'journal.exported',
  ],
  'sign-ins': [
    'member.signed-in',
    'member.signed-out',
    'member.signed-out-everywhere',
    'session.',
    'sign-in.',
    'second-factor.',
  ],
} as const satisfies Record<string, readonly string[] | undefined>;

export type JournalArea = keyof typeof JOURNAL_AREAS;
export const JOURNAL_AREA_NAMES = Object.keys(JOURNAL_AREAS) as [JournalArea, ...JournalArea[]];

/** Types that the journal has words of its own for (`journal.event.TYPE`); for others it has the timeline's. */
export const JOURNAL_EVENTS: ReadonlySet<string> = new Set<EventType>([
  'assisted-recovery.requested',
  'community.activated',
  'community.archived',
  'community.created',
  'community.frozen',
  'community.updated',
  'group.created',
  'group.nested',
  'group.removed',
  'group.unnested',
  'group.updated',
  'host.claimed',
  'host.found',
  'host.missed',
  'host.proven',
  'host.released',
  'kept-mail.link-shown',
  'kept-mail.read',
  'member.deleted',
  'journal.exported',
  'members.exported',
  'message.undelivered',
  'service.created',
  'service.reader-created',
  'service.reader-removed',
  'service.reader-secret-changed',
  'service.refused',
  'service.removed',
  'service.secret-rotated',
  'service.updated',
  'signing-keys.created',
  'signing-keys.rotated',
  'token.created',
  'token.revoked',
]);
