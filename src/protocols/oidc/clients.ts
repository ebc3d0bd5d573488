import type { ClientMetadata } from 'oidc-provider';
import {
  type Community,
  clientSecretContext,
  type Service,
  type ServiceClient,
} from '../../domain/communities/community.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';

/** The clients of one issuer of a community, as the provider takes them. */
export function clientsOf(community: Community, issuer: string, sealer: Sealer): ClientMetadata[] {
  return community.services.flatMap((service) =>
    service.client?.issuer === issuer
      ? [toMetadata(community, service, service.client, sealer)]
      : [],
  );
}

export function serviceOfClient(community: Community, clientId: string): Service | undefined {
  return community.services.find((service) => service.client?.clientId === clientId);
}

function toMetadata(
  community: Community,
  service: Service,
  client: ServiceClient,
  sealer: Sealer,
): ClientMetadata {
  const usesCode = client.grantTypes.includes('authorization_code');
  return {
    client_id: client.clientId,
    client_name: service.name,
    ...(client.sealedSecret === null
      ? {}
      : {
          client_secret: sealer
            .open(client.sealedSecret, clientSecretContext(community.id, service.id))
            .toString(),
        }),
    redirect_uris: client.redirectUris,
    response_types: usesCode ? ['code'] : [],
    grant_types: client.grantTypes,
    token_endpoint_auth_method: client.tokenEndpointAuthMethod,
    id_token_signed_response_alg: client.idTokenSignedResponseAlg,
    post_logout_redirect_uris: client.postLogoutRedirectUris,
    ...(client.backchannelLogoutUri === null
      ? {}
      : {
          backchannel_logout_uri: client.backchannelLogoutUri,
          backchannel_logout_session_required: true,
        }),
    ...(client.initiateLoginUri === null ? {} : { initiate_login_uri: client.initiateLoginUri }),
    application_type: isNative(client) ? 'native' : 'web',
  };
}

/** Native apps come back to a scheme of their own, or to whatever port of the loopback (RFC 8252 §7). */
function isNative({ redirectUris, postLogoutRedirectUris, ...client }: ServiceClient): boolean {
  if (redirectUris.some((uri) => !/^https?:/.test(uri))) return true;
  return (
    client.tokenEndpointAuthMethod === 'none' &&
    redirectUris.length > 0 &&
    [...redirectUris, ...postLogoutRedirectUris].every((uri) =>
      /^http:\/\/(127\.0\.0\.1|\[::1\])[:/]/.test(uri),
    )
  );
}
