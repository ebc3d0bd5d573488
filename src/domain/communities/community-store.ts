import { hash } from 'node:crypto';
import type { Queryable } from '../../platform/database/database.ts';
import type { Community, Service, ServiceClient } from './community.ts';

/** What a request names its community by. */
export type CommunityKey = { slug: string } | { host: string } | { id: string };

type CommunityRow = Omit<Community, 'services' | 'groups' | 'fingerprint' | 'size'>;
type ServiceRow = Omit<Service, 'client'> & ServiceClient;
type GroupRow = { id: string; name: string; parents: string[] };

/** Reads a community whole, in one consistent view; undefined when there is none of that name. */
export async function loadCommunity(
  db: Queryable,
  key: CommunityKey,
): Promise<Community | undefined> {
  const [row] = await db.query<{
    community: CommunityRow;
    services: ServiceRow[];
    groups: GroupRow[];
  }>(
    `SELECT
       jsonb_build_object(
         'id', c.id, 'slug', c.slug, 'name', c.name, 'locale', c.locale, 'state', c.state,
         'registration', c.registration, 'accent', c.accent, 'contactEmail', c.contact_email,
         'secondFactor', c.second_factor, 'secondFactorFrom', c.second_factor_from,
         'recoveryDelayHours', c.recovery_delay_hours, 'description', c.description, 'town', c.town,
         'welcome', c.welcome, 'links', c.links, 'listed', c.listed,
         'questions', COALESCE((SELECT jsonb_agg(jsonb_build_object('id', q.id, 'text', q.text, 'required', q.required)
                                ORDER BY q.position, q.text)
                                FROM registration_questions q WHERE q.community_id = c.id), '[]'),
         'logoHash', (SELECT encode(l.sha256, 'hex') FROM community_logos l WHERE l.community_id = c.id),
         'hosts', COALESCE((SELECT jsonb_agg(h.host ORDER BY h.position, h.host)
                            FROM community_hosts h WHERE h.community_id = c.id), '[]')) AS community,
       COALESCE((SELECT jsonb_agg(${SERVICE} ORDER BY s.position, s.name)
                 FROM services s LEFT JOIN service_clients k
                   ON k.community_id = s.community_id AND k.service_id = s.id
                 WHERE s.community_id = c.id), '[]') AS services,
       COALESCE((SELECT jsonb_agg(jsonb_build_object('id', g.id, 'name', g.name, 'parents', COALESCE(
                   (SELECT jsonb_agg(n.parent_id) FROM group_nestings n
                    WHERE n.community_id = g.community_id AND n.child_id = g.id), '[]')))
                 FROM groups g WHERE g.community_id = c.id), '[]') AS groups,
       (SELECT jsonb_agg(jsonb_build_array(y.kid, y.activates_at, y.retires_at, y.expires_at) ORDER BY y.kid)
        FROM signing_keys y WHERE y.community_id = c.id) AS keys
     FROM communities c WHERE ${keyCondition(key)}`,
    [Object.values(key)[0]],
  );
  if (row === undefined) return undefined;
  const text = JSON.stringify(row);
  return {
    ...row.community,
    services: row.services.map(toService),
    fingerprint: hash('sha256', text),
    size: text.length,
    groups: new Map(row.groups.map(({ id, name, parents }) => [id, { name, parents }])),
  };
}

const SERVICE = `jsonb_build_object(
  'id', s.id, 'slug', s.slug, 'recipe', s.recipe, 'name', s.name, 'description', s.description,
  'icon', s.icon, 'url', s.url, 'trust', s.trust, 'access', s.access,
  'accessGroupIds', COALESCE((SELECT jsonb_agg(a.group_id) FROM service_access_groups a
                              WHERE a.community_id = s.community_id AND a.service_id = s.id), '[]'),
  'sessionHours', s.session_hours, 'hasReader', EXISTS (SELECT FROM service_readers r
                              WHERE r.community_id = s.community_id AND r.service_id = s.id),
  'clientId', k.client_id, 'kind', k.kind, 'lanHttp', k.lan_http, 'sealedSecret', encode(k.sealed_secret, 'base64'), 'issuer', k.issuer,
  'redirectUris', k.redirect_uris, 'postLogoutRedirectUris', k.post_logout_redirect_uris,
  'backchannelLogoutUri', k.backchannel_logout_uri,
  'backchannelLogoutToInitiator', k.backchannel_logout_to_initiator, 'initiateLoginUri', k.initiate_login_uri,
  'grantTypes', k.grant_types, 'tokenEndpointAuthMethod', k.token_endpoint_auth_method, 'authOnly', k.auth_only,
  'idTokenSignedResponseAlg', k.id_token_signed_response_alg, 'scopes', k.scopes,
  'claimsIn', k.claims_in, 'requirePkce', k.require_pkce)`;

function keyCondition(key: CommunityKey): string {
  if ('slug' in key) return 'c.slug = $1';
  if ('id' in key) return 'c.id = $1::uuid';
  return 'c.id = (SELECT h.community_id FROM community_hosts h WHERE h.host = $1)';
}

function toService(row: ServiceRow): Service {
  const {
    id,
    slug,
    recipe,
    name,
    description,
    icon,
    url,
    trust,
    access,
    accessGroupIds,
    sessionHours,
    hasReader,
    ...client
  } = row;
  return {
    id,
    slug,
    recipe,
    name,
    description,
    icon,
    url,
    trust,
    access,
    accessGroupIds,
    sessionHours,
    hasReader,
    client:
      client.clientId === null
        ? null
        : {
            ...client,
            // JSON carries bytes as text.
            sealedSecret:
              client.sealedSecret === null
                ? null
                : Buffer.from(client.sealedSecret as unknown as string, 'base64'),
          },
  };
}

/** The bytes of a community's logo. */
export async function loadLogo(
  db: Queryable,
  communityId: string,
): Promise<{ mediaType: string; bytes: Buffer } | undefined> {
  const [row] = await db.query<{ media_type: string; bytes: Buffer }>(
    'SELECT media_type, bytes FROM community_logos WHERE community_id = $1',
    [communityId],
  );
  return row && { mediaType: row.media_type, bytes: row.bytes };
}
