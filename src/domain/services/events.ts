declare module '../../platform/events/record-event.ts' {
  interface EventDetails {
    'service.created': { slug: string };
    'service.updated': { slug: string; fields: string[] };
    'service.removed': { slug: string };
    'service.refused': { reason: string };
    'service.secret-rotated': undefined;
    'service.reader-created': undefined;
    'service.reader-secret-changed': undefined;
    'service.reader-removed': undefined;
    'account.requested': undefined;
    'account.approved': undefined;
    'account.blocked': undefined;
    'consent.given': { scopes: string[]; claims: string[] };
    'consent.refused': undefined;
    'consent.withdrawn': undefined;
    'member.left-service': { client?: string } | undefined;
  }
}

export type {};
