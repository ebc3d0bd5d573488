import type { OpenService } from '../../domain/services/stays-open.ts';

/** Pages that the provider shows by itself. */
export type ProviderPage =
  | {
      page: 'logout';
      action: string;
      xsrf: string;
      service?: { name: string };
      member?: { displayName: string };
      /** What is not told, and stays open. */
      open: OpenService[];
    }
  | {
      page: 'logged-out';
      service?: { name: string };
      homeUrl: string;
      open: OpenService[];
    }
  | {
      /** A form that sends itself on, or by its button where scripts do not run. */
      page: 'submit';
      action: string;
      fields: { name: string; value: string }[];
      service?: { name: string };
    }
  | {
      page: 'device-code';
      action: string;
      xsrf: string;
      userCode?: string;
      fault?: 'unknown' | 'missing' | 'aborted' | 'expired';
    }
  | {
      page: 'device-confirm';
      action: string;
      xsrf: string;
      userCode: string;
      service: { name: string };
      ip?: string;
      userAgent?: string;
    }
  | { page: 'device-done' };

declare module '../../platform/web/pages.ts' {
  interface Pages {
    oidc: ProviderPage;
  }
  interface ErrorKinds {
    oidc: 'unknown-client' | 'redirect-mismatch' | 'oidc' | 'sign-out';
  }
}
