import type { Joining } from '../../domain/groups/group-store.ts';
import type { AdminFrame } from './pages.ts';

type Choice<Value extends string> = { state: Value; isChosen: boolean };

export type GroupFault = {
  field: 'name' | 'description' | 'seats' | 'people' | 'until' | 'manager' | 'child';
  code: 'shape' | 'taken' | 'unknown' | 'too-many' | 'full' | 'past' | 'cycle' | 'missing';
  /** Names that nobody here has. */
  names?: string | undefined;
};

export const GROUP_NOTICES = [
  'created',
  'saved',
  'added',
  'removed',
  'admitted',
  'refused',
  'decided',
  'manager-added',
  'manager-removed',
  'nested',
  'unnested',
  'deleted',
] as const;
export type GroupNotice = (typeof GROUP_NOTICES)[number];

export type GroupRow = {
  id: string;
  name: string;
  description?: string | undefined;
  joining: Joining;
  members: number;
  seats?: number | undefined;
  managers: string[];
  children: string[];
  url: string;
};

export type GroupPage =
  | {
      page: 'admin/groups';
      frame: AdminFrame;
      action: string;
      csrf: string;
      groups: GroupRow[];
      /** Whether the visitor may make groups, too. */
      mayMake: boolean;
      name: string;
      description: string;
      joinings: Choice<Joining>[];
      faults: GroupFault[];
      notice?: GroupNotice | undefined;
    }
  | {
      page: 'admin/group';
      frame: AdminFrame;
      url: string;
      csrf: string;
      group: GroupRow;
      isFull: boolean;
      /** Whether the visitor may change the group itself, and not its people alone. */
      mayChange: boolean;
      name: string;
      description: string;
      seats: string;
      joinings: Choice<Joining>[];
      people: string;
      until: string;
      members: {
        subject: string;
        displayName: string;
        username: string;
        /** Of a member who is not active. */
        status?: 'requested' | 'suspended' | 'left' | undefined;
        until?: string | undefined;
      }[];
      /** How many there are beyond those that are shown. */
      more: number;
      requests: { subject: string; displayName: string; username: string; on: string }[];
      managers: { subject: string; displayName: string; username: string }[];
      manager: string;
      inside: { id: string; name: string }[];
      others: { id: string; name: string }[];
      listUrl: string;
      faults: GroupFault[];
      notice?: GroupNotice | undefined;
    }
  | {
      page: 'admin/group-delete';
      frame: AdminFrame;
      action: string;
      csrf: string;
      group: GroupRow;
      /** How many are in it, through other groups, too. */
      people: number;
      services: string[];
      backUrl: string;
    };

declare module '../../platform/web/pages.ts' {
  interface Pages {
    groups: GroupPage;
  }
}
