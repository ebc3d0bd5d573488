type Form = { action: string; csrf: string };

export type EmailFault = {
  field: 'email' | 'addresses';
  code: 'missing' | 'shape' | 'yours' | 'too-many' | 'taken' | 'unproven' | 'in-use' | 'throttled';
};

/** Pages of a member's own addresses, and of the links that prove them. */
export type EmailPage =
  | ({
      page: 'account/emails';
      addresses: {
        address: string;
        /** The one that this community uses. */
        chosen: boolean;
        /** Whether another community of the person uses it: only they see this. */
        elsewhere: boolean;
        /** Proven by its owner, told by the team, or neither. */
        state: 'proven' | 'vouched' | 'open';
      }[];
      /** What was typed. */
      email: string;
      choose: boolean;
      full: boolean;
      notice?: EmailNotice | undefined;
      faults: EmailFault[];
    } & Form)
  | ({
      page: 'verify';
      address: string;
      /** Whose address it becomes. */
      member: { displayName: string; username: string };
      /** Who is signed in here, when that is somebody else. */
      other?: string | undefined;
      /** Whether the community will use it from then on. */
      choose: boolean;
    } & Form)
  | { page: 'verify-done'; accountUrl: string }
  | { page: 'verify-expired'; accountUrl: string };

export const EMAIL_NOTICES = ['sent', 'proven', 'chosen', 'removed', 'taken'] as const;
export type EmailNotice = (typeof EMAIL_NOTICES)[number];

declare module '../../platform/web/pages.ts' {
  interface Pages {
    email: EmailPage;
  }
}
