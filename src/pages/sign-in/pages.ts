import type { ClosedReason, Contact } from '../../domain/memberships/closed-membership.ts';
import type { ClaimItem } from '../components/claim-items.ts';

type Form = { action: string; csrf: string };

/** Pages of signing in, for oneself or for an app. */
export type SignInPage =
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
      page: 'membership-closed';
      reason: ClosedReason;
      /** Whom to ask; nobody is named without one. */
      contacts: Contact[];
      /** Where somebody else signs in. */
      signInUrl: string;
      /** The app that asked, which is answered. */
      service?: { name: string } | undefined;
      returnToAppAction?: Form | undefined;
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
    };

declare module '../../platform/web/pages.ts' {
  interface Pages {
    signIn: SignInPage;
  }
}
