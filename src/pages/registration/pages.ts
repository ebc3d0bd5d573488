import type { InvitationState } from '../../domain/invitations/invitation.ts';

/** What is wrong with one field: `kind` and `code` pick the words, `field` is where it stands. */
export type FieldFault = { field: string; kind: string; code: string };

/** The form in which somebody says who they will be in a community. */
export type NewcomerForm = {
  action: string;
  csrf: string;
  username: string;
  displayName: string;
  givenName: string;
  familyName: string;
  /** Asked for where no link has proven one. */
  email?: string | undefined;
  questions: { field: string; text: string; required: boolean; answer: string }[];
  faults: FieldFault[];
};

type Post = { action: string; csrf: string };

export type RegistrationPage =
  | {
      page: 'register';
      state: 'open' | 'approval';
      action: string;
      csrf: string;
      /** Where the script gets its proof of work. */
      challengeUrl: string;
      email?: string | undefined;
      faults: FieldFault[];
      retryAfterMinutes?: number | undefined;
      loginUrl: string;
      /** Begins the way in of whoever has an account in another community of the hub. */
      join: Post;
    }
  | { page: 'register-closed'; state: 'closed' | 'invitation'; loginUrl: string }
  | { page: 'register-sent'; registerUrl: string }
  | ({
      page: 'register-details';
      state: 'open' | 'approval';
      address: string;
      retryAfterMinutes?: number | undefined;
    } & NewcomerForm)
  | { page: 'register-expired'; registerUrl: string; loginUrl: string }
  | { page: 'register-requested'; homeUrl: string }
  | ({
      page: 'invitation';
      invitation: InvitationFacts;
      retryAfterMinutes?: number | undefined;
      join: Post & { invitation: string };
    } & NewcomerForm)
  | { page: 'invitation-member'; displayName: string; homeUrl: string }
  | {
      page: 'invitation-ended';
      state: Exclude<InvitationState, 'open'> | 'unknown';
      loginUrl: string;
    };

/** Who invites, and into what. */
export type InvitationFacts = {
  invitedBy?: string | undefined;
  role: 'member' | 'admin' | 'owner';
  groups: string[];
};

declare module '../../platform/web/pages.ts' {
  interface Pages {
    registration: RegistrationPage;
  }
}
