import type { Queryable, Transaction } from '../../platform/database/database.ts';
import type { Service, ServiceClient } from '../communities/community.ts';

/** A service with its access rule, its client and its reader, as changes compare it. */
export type ServiceRow = Pick<
  Service,
  | 'id'
  | 'slug'
  | 'recipe'
  | 'name'
  | 'description'
  | 'icon'
  | 'url'
  | 'trust'
  | 'access'
  | 'sessionHours'
> & {
  /** Ids of the groups of the access rule, in order. */
  accessGroups: string[];
  /** From 0 on, without gaps. */
  position: number;
  /** Hash of the LDAP reader's password. */
  reader: string | null;
  client: ClientRow | null;
};

export type ClientRow = {
  id: string;
  kind: ServiceClient['kind'];
  lanHttp: boolean;
  sealedSecret: Buffer | null;
  /** The one that the client was registered with. */
  issuer: string;
  redirectUris: string[];
  postLogoutRedirectUris: string[];
  backchannelLogoutUri: string | null;
  backchannelLogoutToInitiator: boolean;
  initiateLoginUri: string | null;
  grants: string[];
  auth: ServiceClient['tokenEndpointAuthMethod'];
  authOnly: boolean;
  idTokenAlg: ServiceClient['idTokenSignedResponseAlg'];
  scopes: string[];
  claimsIn: ServiceClient['claimsIn'];
  pkce: boolean;
};

const CLIENT = `jsonb_build_object('id', k.client_id, 'kind', k.kind, 'lanHttp', k.lan_http, 'sealedSecret', encode(k.sealed_secret, 'hex'),
  'issuer', k.issuer, 'redirectUris', k.redirect_uris, 'postLogoutRedirectUris', k.post_logout_redirect_uris,
  'backchannelLogoutUri', k.backchannel_logout_uri,
  'backchannelLogoutToInitiator', k.backchannel_logout_to_initiator, 'initiateLoginUri', k.initiate_login_uri,
  'grants', k.grant_types, 'auth', k.token_endpoint_auth_method, 'authOnly', k.auth_only, 'idTokenAlg', k.id_token_signed_response_alg,
  'scopes', k.scopes, 'claimsIn', k.claims_in, 'pkce', k.require_pkce)`;

const SERVICES = `SELECT s.id, s.slug, s.recipe, s.name, s.description, s.icon, s.url, s.trust, s.access, s.position,
    s.session_hours AS "sessionHours",
    ARRAY(SELECT a.group_id::text FROM service_access_groups a
          WHERE a.community_id = s.community_id AND a.service_id = s.id ORDER BY 1) AS "accessGroups",
    r.password_hash AS reader, CASE WHEN k.client_id IS NOT NULL THEN ${CLIENT} END AS client
  FROM services s
    LEFT JOIN service_clients k ON k.community_id = s.community_id AND k.service_id = s.id
    LEFT JOIN service_readers r ON r.community_id = s.community_id AND r.service_id = s.id
  WHERE s.community_id = $1 ORDER BY s.position, s.name`;

/** All services of a community, in their order. */
export function readServices(db: Queryable, communityId: string): Promise<ServiceRow[]> {
  return rowsOf(db, communityId, SERVICES);
}

/** The same, locked against other changes. */
export function lockServices(tx: Transaction, communityId: string): Promise<ServiceRow[]> {
  return rowsOf(tx, communityId, `${SERVICES} FOR NO KEY UPDATE OF s`);
}

async function rowsOf(db: Queryable, communityId: string, sql: string): Promise<ServiceRow[]> {
  const rows = await db.query<ServiceRow>(sql, [communityId]);
  for (const { client } of rows) {
    // JSON carries bytes as text.
    const sealed = client?.sealedSecret as unknown as string | null | undefined;
    if (client && sealed != null) client.sealedSecret = Buffer.from(sealed, 'hex');
  }
  return rows;
}

/** Stores new services, and changed ones; their rules, clients and readers are stored apart. */
export async function storeServices(
  tx: Transaction,
  communityId: string,
  rows: readonly ServiceRow[],
): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `INSERT INTO services (community_id, id, slug, recipe, name, description, icon, url, trust, access, position,
       session_hours)
     SELECT $1, id, slug, recipe, name, description, icon, url, trust, access, position, "sessionHours"
     FROM jsonb_to_recordset($2::jsonb) AS s (id uuid, slug text, recipe text, name text, description text, icon text,
       url text, trust text, access text, position integer, "sessionHours" integer)
     ON CONFLICT (community_id, id) DO UPDATE SET recipe = EXCLUDED.recipe, name = EXCLUDED.name,
       description = EXCLUDED.description, icon = EXCLUDED.icon, url = EXCLUDED.url, trust = EXCLUDED.trust,
       access = EXCLUDED.access, position = EXCLUDED.position, session_hours = EXCLUDED.session_hours, updated_at = now()`,
    [communityId, JSON.stringify(rows.map(({ client: _, reader: __, ...row }) => row))],
  );
}

/** Stores where services stand; that alone is no change of theirs. */
export async function storePositions(
  tx: Transaction,
  communityId: string,
  rows: readonly Pick<ServiceRow, 'id' | 'position'>[],
): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `UPDATE services s SET position = p.position FROM unnest($2::uuid[], $3::integer[]) AS p (id, position)
     WHERE s.community_id = $1 AND s.id = p.id`,
    [communityId, rows.map(({ id }) => id), rows.map(({ position }) => position)],
  );
}

export async function storeAccessGroups(
  tx: Transaction,
  communityId: string,
  rows: readonly ServiceRow[],
): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    'DELETE FROM service_access_groups WHERE community_id = $1 AND service_id = ANY($2::uuid[])',
    [communityId, rows.map(({ id }) => id)],
  );
  const ties = rows.flatMap(({ id, accessGroups }) => accessGroups.map((group) => ({ id, group })));
  await tx.query(
    `INSERT INTO service_access_groups (community_id, service_id, group_id)
     SELECT $1, service, "group" FROM unnest($2::uuid[], $3::uuid[]) AS t (service, "group")`,
    [communityId, ties.map((tie) => tie.id), ties.map((tie) => tie.group)],
  );
}

/** Stores readers' hashes; null takes a reader away. */
export async function storeReaders(
  tx: Transaction,
  communityId: string,
  rows: readonly Pick<ServiceRow, 'id' | 'reader'>[],
): Promise<void> {
  if (rows.length === 0) return;
  const given = rows.filter(({ reader }) => reader !== null);
  await tx.query(
    `INSERT INTO service_readers (community_id, service_id, password_hash)
     SELECT $1, id, hash FROM unnest($2::uuid[], $3::text[]) AS r (id, hash)
     ON CONFLICT (community_id, service_id) DO UPDATE SET password_hash = EXCLUDED.password_hash`,
    [communityId, given.map(({ id }) => id), given.map(({ reader }) => reader)],
  );
  const taken = rows.filter(({ reader }) => reader === null);
  await tx.query(
    'DELETE FROM service_readers WHERE community_id = $1 AND service_id = ANY($2::uuid[])',
    [communityId, taken.map(({ id }) => id)],
  );
}

export async function storeClients(
  tx: Transaction,
  communityId: string,
  services: readonly { id: string; client: ClientRow }[],
): Promise<void> {
  if (services.length === 0) return;
  const records = services.map(({ id: serviceId, client: { sealedSecret, ...client } }) => ({
    ...client,
    serviceId,
    sealed: sealedSecret?.toString('hex') ?? null,
  }));
  await tx.query(
    `INSERT INTO service_clients (community_id, service_id, client_id, kind, lan_http, sealed_secret, issuer,
       redirect_uris, post_logout_redirect_uris, backchannel_logout_uri, backchannel_logout_to_initiator,
       initiate_login_uri, grant_types, token_endpoint_auth_method, auth_only, id_token_signed_response_alg,
       scopes, claims_in, require_pkce)
     SELECT $1, "serviceId", id, kind, "lanHttp", decode(sealed, 'hex'), issuer, "redirectUris",
       "postLogoutRedirectUris", "backchannelLogoutUri", "backchannelLogoutToInitiator", "initiateLoginUri",
       grants, auth, "authOnly", "idTokenAlg", scopes, "claimsIn", pkce
     FROM jsonb_to_recordset($2::jsonb) AS k ("serviceId" uuid, id text, kind text, "lanHttp" boolean, sealed text,
       issuer text, "redirectUris" text[], "postLogoutRedirectUris" text[], "backchannelLogoutUri" text,
       "backchannelLogoutToInitiator" boolean, "initiateLoginUri" text, grants text[], auth text,
       "authOnly" boolean, "idTokenAlg" text, scopes text[], "claimsIn" text, pkce boolean)
     ON CONFLICT (community_id, service_id) DO UPDATE SET client_id = EXCLUDED.client_id,
       kind = EXCLUDED.kind, lan_http = EXCLUDED.lan_http, auth_only = EXCLUDED.auth_only,
       backchannel_logout_to_initiator = EXCLUDED.backchannel_logout_to_initiator,
       sealed_secret = EXCLUDED.sealed_secret, redirect_uris = EXCLUDED.redirect_uris,
       post_logout_redirect_uris = EXCLUDED.post_logout_redirect_uris,
       backchannel_logout_uri = EXCLUDED.backchannel_logout_uri, initiate_login_uri = EXCLUDED.initiate_login_uri,
       grant_types = EXCLUDED.grant_types, token_endpoint_auth_method = EXCLUDED.token_endpoint_auth_method,
       id_token_signed_response_alg = EXCLUDED.id_token_signed_response_alg, scopes = EXCLUDED.scopes,
       claims_in = EXCLUDED.claims_in, require_pkce = EXCLUDED.require_pkce`,
    [communityId, JSON.stringify(records)],
  );
}

export async function deleteClients(
  tx: Transaction,
  communityId: string,
  serviceIds: readonly string[],
): Promise<void> {
  if (serviceIds.length === 0) return;
  await tx.query(
    'DELETE FROM service_clients WHERE community_id = $1 AND service_id = ANY($2::uuid[])',
    [communityId, serviceIds],
  );
}

/** With all that hangs on them: accounts, consents, app passwords, clients, readers. */
export async function deleteServices(
  tx: Transaction,
  communityId: string,
  serviceIds: readonly string[],
): Promise<void> {
  await tx.query('DELETE FROM services WHERE community_id = $1 AND id = ANY($2::uuid[])', [
    communityId,
    serviceIds,
  ]);
}
