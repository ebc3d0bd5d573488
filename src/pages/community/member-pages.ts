import type { MemberSort } from '../../domain/memberships/list-members.ts';
import type { Role, Status } from '../../domain/memberships/membership-store.ts';
import type { OpenService } from '../../domain/services/stays-open.ts';
import type { SessionView } from '../components/session-view.ts';
import type { AdminFrame } from './pages.ts';

type Choice<Value extends string> = { state: Value; isChosen: boolean };
type Form = { action: string; csrf: string };

export type MemberRow = {
  subject: string;
  displayName: string;
  username: string;
  email?: string | undefined;
  pictureUrl?: string | undefined;
  role: Role;
  status: Status;
  isHeld: boolean;
  /** Whether the membership came to its end by itself. */
  isOver: boolean;
  /** The last day of the membership, for readers, and as a date field has it. */
  until?: string | undefined;
  untilDay?: string | undefined;
  hasFactor: boolean;
  groups: string[];
  since: string;
  url: string;
};

/** What can be done to several members at once. */
export const SEVERAL_ACTIONS = ['suspend', 'resume', 'add', 'remove', 'let-go'] as const;
export type SeveralAction = (typeof SEVERAL_ACTIONS)[number];

export type MemberPage =
  | {
      page: 'admin/members';
      frame: AdminFrame;
      action: string;
      chooseAction: string;
      exportUrl: string;
      search: string;
      status: Status;
      statuses: { state: Status; count: number; url: string; isCurrent: boolean }[];
      roles: Choice<Role>[];
      groups: { id: string; name: string; isChosen: boolean }[];
      factors: Choice<'yes' | 'no'>[];
      sorts: Choice<MemberSort>[];
      /** Whether anything but the status is filtered by. */
      isFiltered: boolean;
      clearUrl: string;
      members: MemberRow[];
      total: number;
      /** What can be done with those who are chosen. */
      actions: readonly SeveralAction[];
      pager?: { page: number; pages: number; previousUrl?: string; nextUrl?: string } | undefined;
      notice?: 'changed' | undefined;
    }
  | ({
      page: 'admin/members-several';
      frame: AdminFrame;
      kind: SeveralAction;
      members: { subject: string; displayName: string; username: string }[];
      /** Those for whom it cannot be done. */
      skipped: { displayName: string }[];
      /** Where a group is to be chosen. */
      groups: { id: string; name: string; isChosen: boolean }[];
      /** Where there is none to choose. */
      isWithoutGroups: boolean;
      backUrl: string;
    } & Form)
  | {
      page: 'admin/member';
      frame: AdminFrame;
      member: MemberRow;
      isSelf: boolean;
      mayManage: boolean;
      canSuspend: boolean;
      canResume: boolean;
      canLetGo: boolean;
      csrf: string;
      /** What its forms' addresses begin with. */
      url: string;
      roles: Choice<Role>[];
      groups: { id: string; name: string }[];
      moreGroups: { id: string; name: string }[];
      services: { name: string; state: 'open' | 'requested' | 'blocked' }[];
      sessions: SessionView[];
      factors: { passkeys: number; totp: boolean; recoveryCodes: number };
      events: {
        at: string;
        what: string;
        about?: string | undefined;
        by: 'member' | 'hub' | 'team' | 'program' | 'somebody';
        byName?: string | undefined;
      }[];
      listUrl: string;
      /** What was typed for the end, and what is wrong with it. */
      untilTyped?: string | undefined;
      faults: { field: 'until'; code: 'shape' | 'past' }[];
      notice?: MemberNotice | undefined;
    }
  | ({
      page: 'admin/member-let-go';
      frame: AdminFrame;
      member: MemberRow;
      open: OpenService[];
      services: string[];
      sessions: number;
      backUrl: string;
    } & Form);

export const MEMBER_NOTICES = [
  'suspended',
  'resumed',
  'left',
  'role',
  'group-added',
  'group-removed',
  'session-ended',
  'until',
] as const;
export type MemberNotice = (typeof MEMBER_NOTICES)[number];

declare module '../../platform/web/pages.ts' {
  interface Pages {
    members: MemberPage;
  }
}
