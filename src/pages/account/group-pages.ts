import type { Joining } from '../../domain/groups/group-store.ts';

export type OwnGroupView = {
  id: string;
  name: string;
  description?: string | undefined;
  joining: Joining;
  isIn: boolean;
  isRequested: boolean;
  /** Whether nobody more can come in. */
  isFull: boolean;
  until?: string | undefined;
  /** Of a group that they look after. */
  manageUrl?: string | undefined;
};

export type AccountGroupsPage = {
  page: 'account/groups';
  action: string;
  csrf: string;
  /** Those that the member is in, or looks after. */
  mine: OwnGroupView[];
  others: OwnGroupView[];
  notice?: 'in' | 'requested' | 'left' | 'withdraw' | undefined;
};

declare module '../../platform/web/pages.ts' {
  interface Pages {
    accountGroups: AccountGroupsPage;
  }
}
