/** Pages of the way out. */
export type LeavingPage =
  | {
      page: 'account/leave';
      action: string;
      csrf: string;
      username: string;
      /** What was typed in the field that confirms it. */
      typed?: string | undefined;
      faults: { field: 'confirm' | 'form'; code: 'confirm' | 'last-owner' }[];
    }
  | {
      page: 'account/delete';
      action: string;
      csrf: string;
      username: string;
      /** Every community of the person: only they see it. */
      communities: string[];
      days: number;
      typed?: string | undefined;
      faults: {
        field: 'confirm' | 'form';
        code: 'confirm' | 'last-owner' | 'operator' | 'state';
      }[];
    }
  | {
      /** Between a right sign-in and its end, for whoever asked for their account to be deleted. */
      page: 'deletion-pending';
      action: string;
      csrf: string;
      /** The day, as written in the visitor's language. */
      due: string;
      homeUrl: string;
    }
  | { page: 'left'; kind: 'left' | 'deletion'; due?: string | undefined; homeUrl: string };

declare module '../../platform/web/pages.ts' {
  interface Pages {
    leaving: LeavingPage;
  }
}
