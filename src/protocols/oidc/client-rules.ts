import Provider, { errors } from 'oidc-provider';
import { isRegisteredUri } from '../../domain/clients/app-addresses.ts';
import type { Community, ServiceClient } from '../../domain/communities/community.ts';
import { serviceOfClient } from './clients.ts';
import { mechanismsOf } from './take-client-credentials.ts';

/** What of the provider's clients is ours to say; its types know little of it. */
type ClientClass = {
  Schema: { prototype: { redirectUris(): void } };
  prototype: {
    clientId: string;
    redirectUris: string[];
    postLogoutRedirectUris?: string[];
    redirectUriAllowed(uri: string): boolean;
    postLogoutRedirectUriAllowed(uri: string): boolean;
    compareClientSecret(secret: string): boolean | Promise<boolean>;
  };
};

/** Puts the rules of our domain in the place of the provider's own, where those are narrower or wider. */
export function setClientRules(provider: Provider, community: Community): void {
  const Client = provider.Client as unknown as ClientClass;
  const { prototype } = Client;
  const clientOf = (clientId: string) => serviceOfClient(community, clientId)?.client ?? undefined;

  // Addresses were checked when they were registered, and again when the provider was built (clients.ts).
  Client.Schema.prototype.redirectUris = () => {};
  prototype.redirectUriAllowed = function redirectUriAllowed(uri) {
    return isRegisteredUri(uri, this.redirectUris, clientOf(this.clientId)?.kind ?? 'web');
  };
  prototype.postLogoutRedirectUriAllowed = function postLogoutRedirectUriAllowed(uri) {
    const registered = this.postLogoutRedirectUris ?? [];
    return isRegisteredUri(uri, registered, clientOf(this.clientId)?.kind ?? 'web');
  };

  const { compareClientSecret } = prototype;
  prototype.compareClientSecret = function compare(secret) {
    requireMechanism(clientOf(this.clientId));
    return compareClientSecret.call(this, secret);
  };
}

/**
 * The provider takes a secret in the header or in the body, whatever was registered, as apps change with
 * their updates; where a service says that there is but one way, the other is refused.
 * @throws InvalidClientAuth
 */
function requireMechanism(client: ServiceClient | undefined): void {
  const ctx = Provider.ctx;
  if (client?.authOnly !== true || ctx === undefined) return;
  const wanted = client.tokenEndpointAuthMethod;
  if (mechanismsOf(ctx).every((used) => used === wanted)) return;
  throw new errors.InvalidClientAuth(`the service takes ${wanted} only`);
}
