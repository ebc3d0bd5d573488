/** The operators' console, and how the first of them gets in. */
export type OperatorPage =
  | {
      page: 'setup';
      action: string;
      csrf: string;
      email?: string;
      token: string;
      faults: { field: 'email' | 'password' | 'token'; code: string }[];
    }
  | { page: 'setup-done'; operatorUrl: string }
  | {
      page: 'operator-login';
      action: string;
      csrf: string;
      email?: string;
      returnTo?: string | undefined;
      /** Whether somebody who is signed in is to show that it is them. */
      again?: boolean;
      fault?: 'credentials' | 'passkey' | 'throttled';
      retryAfterMinutes?: number;
    }
  | {
      page: 'operator-home';
      communities: {
        name: string;
        slug: string;
        state: string;
        url: string;
        members: number;
        services: number;
      }[];
    }
  | {
      page: 'operator-mails';
      /** Whether there is a mail server by now: then nothing more is kept. */
      hasServer: boolean;
      mails: {
        id: string;
        community: string;
        recipient: string;
        subject: string;
        at: string;
        url: string;
      }[];
    }
  | {
      page: 'operator-mail';
      mail: { community: string; recipient: string; subject: string; at: string };
      /** The message's text, cut where its addresses are; `state` stands for a link that opens something. */
      parts: { text?: string; url?: string; state?: 'open' | 'over' }[];
      /** Asks for its link; undefined where there is none that opens anything, or it is shown. */
      show?: { action: string; csrf: string } | undefined;
      backUrl: string;
    };

declare module '../../platform/web/pages.ts' {
  interface Pages {
    operator: OperatorPage;
  }
}
