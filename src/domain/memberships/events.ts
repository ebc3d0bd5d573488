import type { Role, Status } from './membership-store.ts';

declare module '../../platform/events/record-event.ts' {
  interface EventDetails {
    'member.created': { username: string; role: Role; status: Status };
    /** The names of the fields, not what is in them. */
    'member.updated': { fields: string[] };
    'member.renamed': { from: string; to: string };
    'member.role-changed': { from: Role; to: Role };
    'member.suspended': undefined;
    'member.resumed': undefined;
    'member.left': undefined;
    'member.returned': undefined;
    'member.admitted': undefined;
    'member.refused': undefined;
    'member.requested': undefined;
    'member.joined': undefined;
    'member.deleted': undefined;
    'member.deletion-requested': undefined;
    'member.deletion-cancelled': undefined;
    'member.password-changed': undefined;
    'member.recovered': undefined;
    'member.picture-changed': undefined;
    'member.picture-removed': undefined;
    /** A list of members was taken along as a file. */
    'members.exported': undefined;
    /** The community's trail was, or a part of it. */
    'journal.exported': undefined;
  }
}
