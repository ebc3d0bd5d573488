import { clientSecretContext } from '../../domain/communities/community.ts';
import { either, type SettledCommunity } from './apply-communities.ts';
import type { SettledService } from './apply-services.ts';
import { endServices } from './end-service-access.ts';
import { type ApplyRun, changedKeys } from './run.ts';
import type { ClientEntry } from './schema.ts';

/** A client with its secret opened, by the file's keys. */
export type ClientRow = {
  id: string;
  secret: string | null;
  issuer: string;
  redirectUris: string[];
  postLogoutRedirectUris: string[];
  backchannelLogoutUri: string | null;
  initiateLoginUri: string | null;
  grants: string[];
  auth: string;
  idTokenAlg: string;
  scopes: string[];
  claimsIn: string;
  pkce: boolean;
};
type StoredClient = Omit<ClientRow, 'secret'> & { serviceId: string; sealed: Buffer | null };

const DEFAULT_GRANTS = ['authorization_code', 'refresh_token'];
const DEFAULT_SCOPES = ['openid', 'profile', 'email'];

/**
 * Brings the OpenID Connect clients of services to what the file says.
 * @returns keys that changed, by service id
 * @throws SealError when a stored secret does not open with the hub's sealing keys
 */
export async function applyClients(
  run: ApplyRun,
  community: SettledCommunity,
  services: readonly SettledService[],
  issuer: string,
): Promise<Map<string, (keyof ClientRow)[]>> {
  const stored = await loadClients(run, community.row.id);
  const changes = new Map<string, (keyof ClientRow)[]>();
  const rows = new Map<string, ClientRow>();
  const removed: string[] = [];
  for (const { entry, after } of services) {
    if (entry.client === undefined) continue;
    const before = stored.get(after.id);
    if (entry.client === null) {
      if (before !== undefined) removed.push(after.id);
      continue;
    }
    const row = toRow(entry.client, before, issuer);
    const changed =
      before === undefined ? (Object.keys(row) as (keyof ClientRow)[]) : changedKeys(before, row);
    if (changed.length === 0) continue;
    rows.set(after.id, row);
    changes.set(after.id, before === undefined ? ['id'] : changed);
  }
  for (const id of removed) changes.set(id, ['id']);
  if (reportTakenIds(run, community, services, rows, stored)) return new Map();
  const renamed = [...rows.keys()].filter(
    (id) => stored.has(id) && changes.get(id)?.includes('id'),
  );
  await removeClients(run, community.row.id, [...removed, ...renamed]);
  await storeClients(run, community.row.id, rows);
  return changes;
}

async function loadClients(run: ApplyRun, communityId: string): Promise<Map<string, ClientRow>> {
  const rows = await run.tx.query<StoredClient>(
    `SELECT service_id AS "serviceId", client_id AS id, sealed_secret AS sealed, issuer, redirect_uris AS "redirectUris",
       post_logout_redirect_uris AS "postLogoutRedirectUris", backchannel_logout_uri AS "backchannelLogoutUri",
       initiate_login_uri AS "initiateLoginUri", grant_types AS grants, token_endpoint_auth_method AS auth,
       id_token_signed_response_alg AS "idTokenAlg", scopes, claims_in AS "claimsIn", require_pkce AS pkce
     FROM service_clients WHERE community_id = $1 FOR NO KEY UPDATE`,
    [communityId],
  );
  return new Map(
    rows.map(({ serviceId, sealed, ...row }) => {
      const context = clientSecretContext(communityId, serviceId);
      return [
        serviceId,
        { ...row, secret: sealed === null ? null : run.sealer.open(sealed, context).toString() },
      ];
    }),
  );
}

/** A client keeps the issuer that it was registered with, whatever hosts the community has by now. */
function toRow(entry: ClientEntry, before: ClientRow | undefined, issuer: string): ClientRow {
  const auth = authOf(entry, before);
  return {
    id: entry.id,
    secret: entry.secret ?? null,
    issuer: before?.issuer ?? issuer,
    redirectUris: entry.redirectUris ?? before?.redirectUris ?? [],
    postLogoutRedirectUris: entry.postLogoutRedirectUris ?? before?.postLogoutRedirectUris ?? [],
    backchannelLogoutUri: either(entry.backchannelLogoutUri, before?.backchannelLogoutUri),
    initiateLoginUri: either(entry.initiateLoginUri, before?.initiateLoginUri),
    grants: entry.grants ?? before?.grants ?? DEFAULT_GRANTS,
    auth,
    idTokenAlg: entry.idTokenAlg ?? before?.idTokenAlg ?? 'RS256',
    scopes: entry.scopes ?? before?.scopes ?? DEFAULT_SCOPES,
    claimsIn: entry.claimsIn ?? before?.claimsIn ?? 'both',
    pkce: entry.pkce ?? before?.pkce ?? auth === 'none',
  };
}

/** A file that gives a secret without `auth` makes a client that had none a confidential one. */
function authOf(entry: ClientEntry, before: ClientRow | undefined): string {
  if (entry.auth !== undefined) return entry.auth;
  return before === undefined || before.auth === 'none' ? 'client_secret_basic' : before.auth;
}

/** Client ids are unique in a community; those within the file were compared when it was read. */
function reportTakenIds(
  run: ApplyRun,
  community: SettledCommunity,
  services: readonly SettledService[],
  rows: ReadonlyMap<string, ClientRow>,
  stored: ReadonlyMap<string, ClientRow>,
): boolean {
  const leaving = new Set(
    services.filter(({ entry }) => entry.client !== undefined).map(({ after }) => after.id),
  );
  const holders = new Set(
    [...stored].filter(([id]) => !leaving.has(id)).map(([, client]) => client.id),
  );
  const taken = services.filter(({ after }) => holders.has(rows.get(after.id)?.id ?? ''));
  for (const { index } of taken) {
    run.report(
      [...community.path, 'services', index, 'client', 'id'],
      'is the client id of another service of this community: give another',
    );
  }
  return taken.length > 0;
}

/** Removes clients and ends what was issued to them. */
async function removeClients(
  run: ApplyRun,
  communityId: string,
  serviceIds: readonly string[],
): Promise<void> {
  await endServices(run, communityId, serviceIds);
  await run.tx.query(
    'DELETE FROM service_clients WHERE community_id = $1 AND service_id = ANY($2::uuid[])',
    [communityId, serviceIds],
  );
}

async function storeClients(
  run: ApplyRun,
  communityId: string,
  rows: ReadonlyMap<string, ClientRow>,
): Promise<void> {
  const records = [...rows].map(([serviceId, { secret, ...row }]) => ({
    ...row,
    serviceId,
    sealed:
      secret === null
        ? null
        : run.sealer.seal(secret, clientSecretContext(communityId, serviceId)).toString('hex'),
  }));
  await run.tx.query(
    `INSERT INTO service_clients (community_id, service_id, client_id, sealed_secret, issuer, redirect_uris,
       post_logout_redirect_uris, backchannel_logout_uri, initiate_login_uri, grant_types,
       token_endpoint_auth_method, id_token_signed_response_alg, scopes, claims_in, require_pkce)
     SELECT $1, "serviceId", id, decode(sealed, 'hex'), issuer, "redirectUris", "postLogoutRedirectUris",
       "backchannelLogoutUri", "initiateLoginUri", grants, auth, "idTokenAlg", scopes, "claimsIn", pkce
     FROM jsonb_to_recordset($2::jsonb) AS k ("serviceId" uuid, id text, sealed text, issuer text,
       "redirectUris" text[], "postLogoutRedirectUris" text[], "backchannelLogoutUri" text, "initiateLoginUri" text,
       grants text[], auth text, "idTokenAlg" text, scopes text[], "claimsIn" text, pkce boolean)
     ON CONFLICT (community_id, service_id) DO UPDATE SET client_id = EXCLUDED.client_id,
       sealed_secret = EXCLUDED.sealed_secret, redirect_uris = EXCLUDED.redirect_uris,
       post_logout_redirect_uris = EXCLUDED.post_logout_redirect_uris,
       backchannel_logout_uri = EXCLUDED.backchannel_logout_uri, initiate_login_uri = EXCLUDED.initiate_login_uri,
       grant_types = EXCLUDED.grant_types, token_endpoint_auth_method = EXCLUDED.token_endpoint_auth_method,
       id_token_signed_response_alg = EXCLUDED.id_token_signed_response_alg, scopes = EXCLUDED.scopes,
       claims_in = EXCLUDED.claims_in, require_pkce = EXCLUDED.require_pkce`,
    [communityId, JSON.stringify(records)],
  );
}
