import type { ClaimItem } from '../components/claim-items.ts';
/** Pages of taking one's data along. */
export type ExportPage =
  | { page: 'account/export'; action: string; csrf: string; summaryUrl: string }
  | {
      page: 'account/export-summary';
      exportUrl: string;
      person: {
        since: string;
        emails: { address: string; proven: boolean }[];
        passkeys: string[];
        totp: boolean;
        recoveryCodesLeft: number;
      };
      memberships: {
        community: string;
        subject: string;
        /** Name of the field, and its value. */
        profile: { field: string; value: string }[];
        groups: string[];
        answers: { question: string; answer: string }[];
        services: {
          name: string;
          items: ClaimItem[];
          last?: string | undefined;
        }[];
        appPasswords: string[];
        sessions: number;
      }[];
    };

declare module '../../platform/web/pages.ts' {
  interface Pages {
    export: ExportPage;
  }
}
