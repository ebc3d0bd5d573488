import type { ClientMetadata } from 'oidc-provider';
import { clientUriFault } from '../../domain/clients/app-addresses.ts';
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
  // Whatever brought an address into the database: one that no client may have is not answered.
  const allowed = (uri: string) => clientUriFault(uri, client) === undefined;
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
    redirect_uris: client.redirectUris.filter(allowed),
    response_types: usesCode ? ['code'] : [],
    grant_types: client.grantTypes,
    token_endpoint_auth_method: client.tokenEndpointAuthMethod,
    id_token_signed_response_alg: client.idTokenSignedResponseAlg,
    post_logout_redirect_uris: client.postLogoutRedirectUris.filter(allowed),
    ...(client.backchannelLogoutUri === null
      ? {}
      : {
          backchannel_logout_uri: client.backchannelLogoutUri,
          backchannel_logout_session_required: true,
        }),
    ...(client.initiateLoginUri === null ? {} : { initiate_login_uri: client.initiateLoginUri }),
    application_type: client.kind === 'native' ? 'native' : 'web',
  };
}
