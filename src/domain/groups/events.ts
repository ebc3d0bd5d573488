declare module '../../platform/events/record-event.ts' {
  interface EventDetails {
    'group.created': { group: string; name: string };
    'group.updated': { group: string; name: string; fields: string[] };
    'group.removed': { group: string; name: string };
    'group.member-added': { group: string | undefined; until?: string };
    'group.member-removed': { group: string | undefined; because?: 'ended' };
    'group.member-end-set': { group: string | undefined; until: string | null };
    /** The member is the event's subject. */
    'group.manager-added': { group: string };
    'group.manager-removed': { group: string };
    'group.entry-requested': { group: string };
    'group.entry-withdrawn': { group: string };
    'group.entry-refused': { group: string };
    'group.nested': { parent: string | undefined; child: string | undefined };
    'group.unnested': { parent: string | undefined; child: string | undefined };
  }
}

export type {};
