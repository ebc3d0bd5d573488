import type { EmailPage } from '../account/address-pages.ts';
import type { ExportPage } from '../account/export-pages.ts';
import type { LeavingPage } from '../account/leaving-pages.ts';
import type { AccountPage } from '../account/pages.ts';
import type { TwoFactorPage } from '../account/second-factor-pages.ts';
import type { AdminPage } from '../community/pages.ts';
import type { ClaimItem } from '../components/claim-items.ts';
import type { JoiningPage } from '../joining/pages.ts';
import type { RecoveryPage } from '../recovery/pages.ts';
import type { RegistrationPage } from '../registration/pages.ts';
import type { PasskeyPage } from '../sign-in/passkey-pages.ts';
import type { SecondFactorPage } from '../sign-in/second-factor-pages.ts';

type Form = { action: string; csrf: string };
type CorePage =
  | {
      page: 'login';
      action: string;
      csrf: string;
      username?: string;
      fault?: 'credentials' | 'passkey' | 'throttled' | 'expired' | 'missing';
      retryAfterMinutes?: number;
      service?: { name: string };
      reauthenticate?: { displayName: string; switchAction: string };
      /** Path below the issuer to go to after it. */
      returnTo?: string | undefined;
      recoverUrl?: string;
      /** Where newcomers begin, if the community lets them. */
      registerUrl?: string | undefined;
      notice?: 'signed-out' | 'password-changed' | 'joined' | 'requested' | undefined;
    }
  | {
      page: 'consent';
      action: string;
      csrf: string;
      kind: 'notice' | 'consent';
      service: { name: string; url?: string; icon?: string };
      member: { displayName: string; username: string };
      shares: { scope: string; items: ClaimItem[] }[];
      offlineAccess: boolean;
    }
  | {
      page: 'access-denied';
      service: { name: string };
      reason: 'groups' | 'approval' | 'requested' | 'blocked' | 'community-frozen';
      groups: string[];
      contacts: { displayName: string; email?: string }[];
      request?: Form;
      returnToAppAction?: Form;
      homeUrl: string;
    }
  | {
      page: 'logout';
      action: string;
      xsrf: string;
      service?: { name: string };
      member?: { displayName: string };
    }
  | { page: 'logged-out'; service?: { name: string }; homeUrl: string }
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
  | { page: 'device-done' }
  | {
      page: 'home';
      member: { displayName: string; username: string };
      services: {
        slug: string;
        name: string;
        description?: string;
        icon?: string;
        url?: string;
        host?: string;
      }[];
      requestable: {
        slug: string;
        name: string;
        description?: string;
        icon?: string;
        action: string;
        csrf: string;
        requested: boolean;
      }[];
      /** For those who look after the community. */
      adminUrl?: string | undefined;
      notice?: 'requested' | 'recovery-refused' | undefined;
      /** Somebody asked the admins to give this account back: its owner can say that it was not them. */
      recovery?: ({ requestedBy: string } & Form) | undefined;
      /** The day from which on the community asks for a second factor that the member does not have. */
      secondFactorDue?: { date: string; url: string } | undefined;
      signOutEverywhere: Form;
    }
  | { page: 'community-closed'; state: 'frozen' | 'moved' | 'archived' }
  | {
      page: 'error';
      status: number;
      kind:
        | 'not-found'
        | 'expired'
        | 'bad-request'
        | 'forbidden'
        | 'csrf'
        | 'too-large'
        | 'too-many'
        | 'unavailable'
        | 'internal'
        | 'unknown-client'
        | 'redirect-mismatch'
        | 'oidc';
      detail?: string;
      reference?: string;
      homeUrl?: string;
      retryUrl?: string;
    }
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
      fault?: 'credentials' | 'throttled';
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
      mailsUrl: string;
      signOut: Form;
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
      /** The message's text, cut where its addresses are. */
      parts: { text?: string; url?: string }[];
      backUrl: string;
    }
  | { page: 'hub-home'; communities: { name: string; url: string }[] };

/** Every page there is; each feature has a file of its own for its pages. */
export type PageModel =
  | AccountPage
  | AdminPage
  | CorePage
  | ExportPage
  | EmailPage
  | JoiningPage
  | LeavingPage
  | PasskeyPage
  | RecoveryPage
  | RegistrationPage
  | SecondFactorPage
  | TwoFactorPage;

export type Chrome = {
  locale: 'fr' | 'en';
  community?: {
    name: string;
    homeUrl: string;
    logoUrl?: string;
    themeUrl?: string;
    contactEmail?: string;
  };
  hubName?: string;
  languageForm: { action: string; returnTo: string; csrf: string };
  assetBase: string;
  signedInAs?: { displayName: string; username: string; accountUrl: string; signOutUrl: string };
};
