import type { Refusal } from '../../domain/errors.ts';
import type { AdminFrame } from './pages.ts';

export const ADDRESS_NOTICES = [
  'claimed',
  'own',
  'proven',
  'absent',
  'other',
  'unanswered',
  'removed',
] as const;
export const ADDRESS_USES = ['both', 'web', 'ldap'] as const;

export type ShownHost = {
  host: string;
  uses: ('web' | 'ldap')[];
  state: 'claimed' | 'proven';
  /** What showed it; absent for one that is claimed. */
  by?: 'dns' | 'file' | 'operator' | undefined;
  /** Whether it is the issuer of services from now on. */
  isIssuer: boolean;
  /** What is to be set, of one that is claimed or whose proof is gone. */
  toSet?: { record: string; file: string; token: string } | undefined;
  /** The day on which a claim goes. */
  expiresOn?: string | undefined;
  missingSince?: string | undefined;
};

export type AddressPage = {
  page: 'admin/address';
  frame: AdminFrame;
  action: string;
  csrf: string;
  /** Where new services are registered, and whether that is a path of the hub's. */
  issuer: string;
  isPath: boolean;
  hosts: ShownHost[];
  /** Where the names of hosts are to lead. */
  hubHost: string;
  /** As it was typed. */
  typed: string;
  uses: { use: (typeof ADDRESS_USES)[number]; isChosen: boolean }[];
  fault?: { code: Refusal; isOfForm: boolean } | undefined;
  notice?: (typeof ADDRESS_NOTICES)[number] | undefined;
};

declare module '../../platform/web/pages.ts' {
  interface Pages {
    address: AddressPage;
  }
}
