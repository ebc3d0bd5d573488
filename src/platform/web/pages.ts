import type { Locale } from '../i18n/locale.ts';

/**
 * Every page there is, by who shows it. A feature adds the type of its own pages where it declares them:
 * `declare module '…/platform/web/pages.ts' { interface Pages { recovery: RecoveryPage } }`.
 */
export interface Pages {
  web: ErrorPage;
}

/** What a view is shown with; `page` is the view's file below `views/`. */
export type PageModel = Pages[keyof Pages];

/** What the error page has words for (`error.KIND.title`, `error.KIND.lead`); others add theirs as pages do. */
export interface ErrorKinds {
  web:
    | 'not-found'
    | 'expired'
    | 'bad-request'
    | 'encoding'
    | 'forbidden'
    | 'csrf'
    | 'too-large'
    | 'too-many'
    | 'unavailable'
    | 'internal';
}

export type ErrorKind = ErrorKinds[keyof ErrorKinds];

export type ErrorPage = {
  page: 'error';
  status: number;
  kind: ErrorKind;
  /** What exactly, where the kind has words for each (`error.KIND.CODE`). */
  code?: string | undefined;
  detail?: string;
  reference?: string;
  /** Of what was asked too often. */
  retryAfterMinutes?: number | undefined;
  homeUrl?: string;
  /** What to try first: the same once more, the form, or what it all began with. */
  wayOn?: { url: string; kind: 'retry' | 'form' | 'again' } | undefined;
};

/** What stands around a page, whichever it is; what the frame of a product's pages shows is added to it. */
export interface Chrome {
  locale: Locale;
  assetBase: string;
  /** Whether its address opens something, and is not for other requests to be told. */
  keepsAddress: boolean;
  languageForm: { action: string; returnTo: string; csrf: string };
}
