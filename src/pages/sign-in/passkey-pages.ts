import type { OthersQuestion } from '../components/other-sessions-field.ts';

export type PasskeyFault = 'failed' | 'known' | 'too-many' | 'name' | 'required' | 'short-password';

/** Pages about passkeys. */
export type PasskeyPage =
  | {
      /** A sign-in that began at another address of the community goes on here. */
      page: 'cross-host-passkey';
      action: string;
      csrf: string;
      /** The host where it began. */
      from: string;
      fault?: 'passkey' | undefined;
    }
  | {
      page: 'account/passkeys';
      action: string;
      csrf: string;
      /** This address: what is made here works here. */
      host: string;
      others: OthersQuestion;
      passkeys: {
        id: string;
        name: string;
        /** As written in the visitor's language. */
        created: string;
        lastUsed?: string | undefined;
        synced: boolean;
        /** Where it was made, unless that is here. */
        elsewhere?: string | undefined;
        /** Which of its forms was refused. */
        fault?: { field: 'name' | 'remove'; code: PasskeyFault } | undefined;
      }[];
      /** What was typed as the name of a new one. */
      name?: string | undefined;
      notice?: 'added' | 'renamed' | 'removed' | undefined;
      /** `field` is that of the new one, or has the id of the passkey in it. */
      faults: {
        field: string;
        code: PasskeyFault;
      }[];
    };

declare module '../../platform/web/pages.ts' {
  interface Pages {
    passkey: PasskeyPage;
  }
}
