import type { ClientKind } from '../services/app-addresses.ts';

/** What a process knows of a community to serve it: read whole, cached, dropped when any of it changes. */
export type Community = {
  id: string;
  slug: string;
  name: string;
  locale: 'fr' | 'en';
  state: 'active' | 'frozen' | 'moved' | 'archived';
  registration: 'open' | 'approval' | 'invitation' | 'closed';
  /** `#rrggbb`, or null for the house colour. */
  accent: string | null;
  contactEmail: string | null;
  /** Who must have a second factor. */
  secondFactor: 'optional' | 'admins' | 'all';
  /** From when on they must (ISO 8601); null: at once. */
  secondFactorFrom: string | null;
  /** Hours between two admins' decision to let a member back in and the link that does it. */
  recoveryDelayHours: number;
  /** What those who want to join are asked, in order. */
  questions: { id: string; text: string; required: boolean }[];
  /** SHA-256 of the logo, hexadecimal: part of its address, so that browsers may keep it. */
  logoHash: string | null;
  /** Own host names, the first being the one of new services' issuer. */
  hosts: string[];
  /** Services in their display order. */
  services: Service[];
  /** Every group by id, with the ids of the groups that it is directly nested in. */
  groups: Map<string, { name: string; parents: string[] }>;
  /** Differs when anything above, or a signing key, differs. */
  fingerprint: string;
};

export type Service = {
  id: string;
  slug: string;
  recipe: string;
  name: string;
  description: string | null;
  icon: string | null;
  url: string | null;
  trust: 'first-party' | 'third-party';
  access: 'everyone' | 'groups' | 'approval';
  /** Groups of the access rule itself; members of groups nested in them are let in, too. */
  accessGroupIds: string[];
  /** How long the app's own session lasts, as far as the community knows. */
  sessionHours: number | null;
  /** Whether it reads the directory over LDAP. */
  hasReader: boolean;
  client: ServiceClient | null;
};

export type ServiceClient = {
  clientId: string;
  kind: ClientKind;
  /** Whether a native client may have plain http addresses in private networks. */
  lanHttp: boolean;
  sealedSecret: Buffer | null;
  issuer: string;
  redirectUris: string[];
  postLogoutRedirectUris: string[];
  backchannelLogoutUri: string | null;
  /** Whether it is told of a sign-out that it asked for itself. */
  backchannelLogoutToInitiator: boolean;
  initiateLoginUri: string | null;
  grantTypes: string[];
  tokenEndpointAuthMethod: 'client_secret_basic' | 'client_secret_post' | 'none';
  /** Whether a secret is taken in that way only, and not in the other. */
  authOnly: boolean;
  idTokenSignedResponseAlg: 'RS256' | 'ES256';
  scopes: string[];
  claimsIn: 'id_token' | 'userinfo' | 'both';
  requirePkce: boolean;
};

/** What sealed secrets of a client are bound to (see `Sealer`). */
export function clientSecretContext(communityId: string, serviceId: string): string {
  return `client-secret:${communityId}:${serviceId}`;
}
