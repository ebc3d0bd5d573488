import type { Chrome, PageModel } from '../../src/platform/web/pages.ts';
import { ACCOUNT_PAGES } from './sample-pages/account.ts';
import { ADMIN_PAGES } from './sample-pages/admin.ts';
import { COMPONENT_PAGES } from './sample-pages/components.ts';
import { CORE_PAGES } from './sample-pages/core.ts';
import { EMAIL_PAGES } from './sample-pages/emails.ts';
import { EXPORT_PAGES } from './sample-pages/export.ts';
import { GROUP_PAGES } from './sample-pages/groups.ts';
import { JOINING_PAGES } from './sample-pages/joining.ts';
import { JOURNAL_PAGES } from './sample-pages/journal.ts';
import { LEAVING_PAGES } from './sample-pages/leaving.ts';
import { MAIL_PAGES } from './sample-pages/mails.ts';
import { MEMBER_PAGES } from './sample-pages/members.ts';
import { OPERATOR_PAGES, OPERATOR_SIGN_IN_PAGES } from './sample-pages/operator.ts';
import { PASSKEY_PAGES } from './sample-pages/passkeys.ts';
import { PASSWORD_PAGES } from './sample-pages/passwords.ts';
import { RECOVERY_PAGES } from './sample-pages/recovery.ts';
import { REGISTRATION_PAGES } from './sample-pages/registration.ts';
import { SECOND_FACTOR_PAGES } from './sample-pages/second-factor.ts';
import { SETTINGS_PAGES } from './sample-pages/settings.ts';
import { TWO_FACTOR_PAGES } from './sample-pages/two-factors.ts';

/** One of each page, in each of its states. */
export const SAMPLE_PAGES: Record<string, PageModel> = {
  ...ACCOUNT_PAGES,
  ...ADMIN_PAGES,
  ...COMPONENT_PAGES,
  ...CORE_PAGES,
  ...EMAIL_PAGES,
  ...EXPORT_PAGES,
  ...GROUP_PAGES,
  ...JOINING_PAGES,
  ...JOURNAL_PAGES,
  ...LEAVING_PAGES,
  ...MAIL_PAGES,
  ...MEMBER_PAGES,
  ...OPERATOR_PAGES,
  ...OPERATOR_SIGN_IN_PAGES,
  ...PASSKEY_PAGES,
  ...REGISTRATION_PAGES,
  ...PASSWORD_PAGES,
  ...RECOVERY_PAGES,
  ...SECOND_FACTOR_PAGES,
  ...SETTINGS_PAGES,
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
      consoleUrl: '/c/lamyne/admin',
      signOutUrl: '/c/lamyne/oidc/session/end',
    },
  };
}

/** The same around a page as whoever may see it has it; what is of the hub has no community. */
export function chromeOfSample(name: string, locale: 'fr' | 'en'): Chrome {
  const page = SAMPLE_PAGES[name]?.page ?? '';
  const { community, signedInAs, ...chrome } = sampleChrome(locale);
  if (name in OPERATOR_PAGES || /^operator-(home|mails?)$/.test(page)) {
    const signOut = { action: '/operator/logout', csrf: 'token' };
    return { ...chrome, operator: { email: 'exploitation@hub.example', signOut } };
  }
  if (name in OPERATOR_SIGN_IN_PAGES || /^(setup|operator|hub)/.test(page)) return chrome;
  const isSignedIn = /^(home$|account\/|admin\/)/.test(page);
  return { ...chrome, community, ...(isSignedIn && { signedInAs }) };
}
