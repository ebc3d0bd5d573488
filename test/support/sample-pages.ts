import type { Chrome, PageModel } from '../../src/platform/web/pages.ts';
import { ACCOUNT_PAGES } from './sample-pages/account.ts';
import { ADMIN_PAGES } from './sample-pages/admin.ts';
import { CORE_PAGES } from './sample-pages/core.ts';
import { EMAIL_PAGES } from './sample-pages/emails.ts';
import { EXPORT_PAGES } from './sample-pages/export.ts';
import { JOINING_PAGES } from './sample-pages/joining.ts';
import { LEAVING_PAGES } from './sample-pages/leaving.ts';
import { MAIL_PAGES } from './sample-pages/mails.ts';
import { PASSKEY_PAGES } from './sample-pages/passkeys.ts';
import { PASSWORD_PAGES } from './sample-pages/passwords.ts';
import { RECOVERY_PAGES } from './sample-pages/recovery.ts';
import { REGISTRATION_PAGES } from './sample-pages/registration.ts';
import { SECOND_FACTOR_PAGES } from './sample-pages/second-factor.ts';
import { TWO_FACTOR_PAGES } from './sample-pages/two-factors.ts';

/** One of each page, in each of its states. */
export const SAMPLE_PAGES: Record<string, PageModel> = {
  ...ACCOUNT_PAGES,
  ...ADMIN_PAGES,
  ...CORE_PAGES,
  ...EMAIL_PAGES,
  ...EXPORT_PAGES,
  ...JOINING_PAGES,
  ...LEAVING_PAGES,
  ...MAIL_PAGES,
  ...PASSKEY_PAGES,
  ...REGISTRATION_PAGES,
  ...PASSWORD_PAGES,
  ...RECOVERY_PAGES,
  ...SECOND_FACTOR_PAGES,
  ...TWO_FACTOR_PAGES,
};

export function sampleChrome(locale: 'fr' | 'en'): Chrome {
  return {
    locale,
    assetBase: '/assets',
    keepsAddress: false,
    community: { name: 'La MYNE', homeUrl: '/c/lamyne', contactEmail: 'aide@lamyne.example' },
    languageForm: { action: '/c/lamyne/language', returnTo: '/c/lamyne', csrf: 'token' },
    signedInAs: {
      displayName: 'Alice Martin',
      username: 'alice',
      accountUrl: '/c/lamyne/account',
      signOutUrl: '/c/lamyne/oidc/session/end',
    },
  };
}
