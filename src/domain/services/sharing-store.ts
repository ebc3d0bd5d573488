import type { Queryable } from '../../platform/database/database.ts';

/** What services hold of a member, and what they may read. */
export type Sharing = {
  disclosures: {
    serviceId: string;
    /** By name, with the values that were given last. */
    claims: Record<string, unknown>;
    firstAt: Date;
    lastAt: Date;
  }[];
  consents: {
    serviceId: string;
    kind: 'notice' | 'consent';
    scopes: string[];
    claims: string[];
    givenAt: Date;
  }[];
  /** Ids of services that read the directory by themselves. */
  readers: string[];
};

export async function readSharing(
  db: Queryable,
  communityId: string,
  subject: string,
): Promise<Sharing> {
  const parameters = [communityId, subject];
  const disclosures = await db.query<Sharing['disclosures'][number]>(
    `SELECT service_id AS "serviceId", claims, first_at AS "firstAt", last_at AS "lastAt"
     FROM disclosures WHERE community_id = $1 AND subject = $2`,
    parameters,
  );
  const consents = await db.query<Sharing['consents'][number]>(
    `SELECT service_id AS "serviceId", kind, scopes, claims, given_at AS "givenAt"
     FROM consents WHERE community_id = $1 AND subject = $2`,
    parameters,
  );
  return { disclosures, consents, readers: await readerServices(db, communityId) };
}

/** Ids of the services that have an LDAP reader. */
export async function readerServices(db: Queryable, communityId: string): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    'SELECT service_id AS id FROM service_readers WHERE community_id = $1',
    [communityId],
  );
  return rows.map(({ id }) => id);
}
