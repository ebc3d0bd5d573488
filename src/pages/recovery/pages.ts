import type { NewPasswordFault } from '../../domain/people/password-rule.ts';
import type { AdminFrame } from '../community/pages.ts';

type Form = { action: string; csrf: string };

/** Pages of getting back in. */
export type RecoveryPage =
  | ({
      page: 'recover';
      login: string;
      loginUrl: string;
      fault?: 'missing' | 'throttled' | undefined;
      retryAfterMinutes?: number | undefined;
    } & Form)
  | { page: 'recover-sent'; loginUrl: string; recoverUrl: string }
  | ({
      page: 'recover-password';
      username: string;
      secondFactor: boolean;
      /** By two admins: whatever second factor there was does not come along. */
      assisted: boolean;
      faults: { field: 'password'; code: NewPasswordFault }[];
    } & Form)
  | { page: 'recover-expired'; recoverUrl: string; loginUrl: string }
  | ({
      /** What a message about an assisted recovery leads to: the person says that it was not them. */
      page: 'recover-refuse';
      member: { displayName: string; username: string };
    } & Form)
  | { page: 'recover-refused'; loginUrl: string }
  | { page: 'recover-too-late'; loginUrl: string }
  | {
      page: 'admin/recoveries';
      frame: AdminFrame;
      csrf: string;
      action: string;
      delayHours: number;
      username: string;
      recoveries: RecoveryView[];
      /** Made just now, and shown this once. */
      link?: { url: string; member: string } | undefined;
      notice?: 'requested' | 'approved' | 'refused' | undefined;
      fault?: RecoveryFault | undefined;
    };

export type RecoveryFault =
  | 'missing'
  | 'unknown'
  | 'self'
  | 'open'
  | 'status'
  | 'same'
  | 'not-ready'
  | 'owner'
  | 'role';

export type RecoveryView = {
  id: string;
  member: { displayName: string; username: string };
  requestedBy: string;
  approvedBy?: string | undefined;
  /** Day and time from which on there is a link. */
  ready?: string | undefined;
  state: 'waits-for-approval' | 'waits' | 'ready';
  mayApprove: boolean;
  mayHandOut: boolean;
};

declare module '../../platform/web/pages.ts' {
  interface Pages {
    recovery: RecoveryPage;
  }
}
