import type { Locale } from '../../platform/i18n/locale.ts';
import type { ClientKind } from '../clients/app-addresses.ts';
import type {
  CLAIMS_PLACES,
  CLIENT_AUTH_METHODS,
  OPEN_ACCESS,
  TRUSTS,
} from '../clients/service-choices.ts';
import type { SigningAlg } from '../signing-keys/signing-algs.ts';

/** States that a community is put into; `moved` comes and goes with a move alone. */
export const COMMUNITY_STATES = ['active', 'frozen', 'archived'] as const;
export const REGISTRATION_RULES = ['open', 'approval', 'invitation', 'closed'] as const;
export const SECOND_FACTOR_RULES = ['optional', 'admins', 'all'] as const;

/** What a process knows of a community to serve it: read whole, cached, dropped when any of it changes. */
export type Community = {
  id: string;
  slug: string;
  name: string;
  locale: Locale;
  state: (typeof COMMUNITY_STATES)[number] | 'moved';
  registration: (typeof REGISTRATION_RULES)[number];
  /** `#rrggbb`, or null for the house colour. */
  accent: string | null;
  contactEmail: string | null;
  /** What it is, in a few sentences. */
  description: string | null;
  town: string | null;
  /** What those who sign in read first. */
  welcome: string | null;
  /** Pages of its own elsewhere. */
  links: { name: string; url: string }[];
  /** Whether the hub's first page names it. */
  listed: boolean;
  /** Who must have a second factor. */
  secondFactor: (typeof SECOND_FACTOR_RULES)[number];
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
  /** Characters of all of it: what keeping it takes, about. */
  size: number;
};

export type Service = {
  id: string;
  slug: string;
  recipe: string;
  name: string;
  description: string | null;
  icon: string | null;
  url: string | null;
  trust: (typeof TRUSTS)[number];
  access: (typeof OPEN_ACCESS)[number] | 'groups';
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
  tokenEndpointAuthMethod: (typeof CLIENT_AUTH_METHODS)[number];
  /** Whether a secret is taken in that way only, and not in the other. */
  authOnly: boolean;
  idTokenSignedResponseAlg: SigningAlg;
  scopes: string[];
  claimsIn: (typeof CLAIMS_PLACES)[number];
  requirePkce: boolean;
};

/** What sealed secrets of a client are bound to (see `Sealer`). */
export function clientSecretContext(communityId: string, serviceId: string): string {
  return `client-secret:${communityId}:${serviceId}`;
}
