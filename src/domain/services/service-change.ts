import type { Sealer } from '../../platform/secrets/sealer.ts';
import type { OPEN_ACCESS } from '../clients/service-choices.ts';
import type { ClientRow, ServiceRow } from './service-rows.ts';

type Partly<Values> = { [Key in keyof Values]?: Values[Key] | undefined };

/** Who may use a service: everyone, those whom an admin lets in, or these groups, by their ids. */
export type AccessRule = (typeof OPEN_ACCESS)[number] | { groups: readonly string[] };

/** What is to be otherwise of a client; what is absent stays. A list is the whole list. */
export type ClientChange = Partly<Omit<ClientRow, 'sealedSecret' | 'issuer'>> & {
  /** Kept sealed. A client that stops having one, for `auth` is `none`, loses it. */
  secret?: string | undefined;
};

/** What is to be otherwise of a service; what is absent stays, and null takes away. */
export type ServiceChange = Partly<
  Pick<ServiceRow, 'recipe' | 'name' | 'description' | 'icon' | 'url' | 'trust' | 'sessionHours'>
> & {
  /** Says which it is; it never changes. */
  slug: string;
  /** What the change takes for granted; without it, a service that is not there is made. */
  must?: 'be-new' | 'exist' | undefined;
  access?: AccessRule | undefined;
  /** Counted from 0. A new service comes last; whatever is not placed makes way, in the order it has. */
  position?: number | undefined;
  client?: ClientChange | null | undefined;
  /** Of the LDAP reader's password, from `hashPassword`, made before the transaction began. */
  reader?: string | null | undefined;
};

/** Where services are changed. */
export type ServicesOf = {
  communityId: string;
  sealer: Sealer;
  /** Base URL of the hub, which the issuer of new clients comes from. */
  hubUrl: string;
};

export type SavedServices = {
  /** What became of each change, in their order. */
  services: SavedService[];
  /** Whether those that were there stand in another order now. */
  reordered: boolean;
};

export type SavedService = {
  /** Undefined for a new one. */
  before: ServiceRow | undefined;
  after: ServiceRow;
  /** What changed of one that was there, by the names of the file (docs/apply.md), such as `client.secret`. */
  fields: string[];
};
