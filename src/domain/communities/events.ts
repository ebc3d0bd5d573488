declare module '../../platform/events/record-event.ts' {
  interface EventDetails {
    'community.created': { slug: string; name: string };
    'community.updated': { fields: string[] };
    'community.activated': undefined;
    'community.frozen': undefined;
    'community.archived': undefined;
  }
}

export type {};
