import type { InvitationState } from '../../domain/invitations/invitation.ts';
import type { BarChart } from '../components/bar-chart.ts';
import type { FieldFault } from '../registration/pages.ts';
import type { ToDo } from './to-do-rows.ts';

/** What the navigation of the admin pages shows. */
export type AdminFrame = { base: string; requestsWaiting: number };

type Role = 'member' | 'admin' | 'owner';

export type ListedInvitation = {
  id: string;
  label: string;
  role: Role;
  groups: string[];
  email?: string | undefined;
  uses: number;
  maxUses?: number | undefined;
  expiresOn: string;
  createdBy?: string | undefined;
  state: InvitationState;
  url: string;
};

export type AdminPage =
  | {
      page: 'admin/overview';
      frame: AdminFrame;
      counts: {
        kind: 'active' | 'requested' | 'suspended' | 'invitations';
        count: number;
        url: string;
      }[];
      csrf: string;
      notice?: 'admitted' | 'decided' | 'let-in' | 'kept-out' | undefined;
      toDo: ToDo[];
      /** Sign-ins of the last 30 days. */
      chart: BarChart;
      /** Links of kept messages that operators had shown to them. */
      shownLinks: { at: string; kind: string; operator?: string | undefined }[];
    }
  | {
      page: 'admin/requests';
      frame: AdminFrame;
      action: string;
      csrf: string;
      requests: {
        subject: string;
        displayName: string;
        username: string;
        email?: string | undefined;
        requestedOn: string;
        answers: { question: string; answer: string }[];
      }[];
      /** Members who asked to be let in to a service. */
      access: {
        subject: string;
        displayName: string;
        username: string;
        serviceId: string;
        service: string;
        requestedOn: string;
      }[];
      notice?: 'admitted' | 'refused' | 'decided' | 'let-in' | 'kept-out' | undefined;
    }
  | {
      page: 'admin/invitations';
      frame: AdminFrame;
      action: string;
      csrf: string;
      label: string;
      emails: string;
      roles: { state: Role; isChosen: boolean }[];
      groups: { id: string; name: string; isChosen: boolean }[];
      uses: 'one' | 'many';
      maxUses: string;
      days: { count: number; isChosen: boolean }[];
      faults: FieldFault[];
      /** More mails than may be sent in a day: when they can be, and how many now. */
      wait?: { from: string; left: number } | undefined;
      invitations: ListedInvitation[];
      notice?: 'sent' | 'revoked' | undefined;
    }
  | {
      page: 'admin/invitation';
      frame: AdminFrame;
      action: string;
      csrf: string;
      invitation: ListedInvitation;
      /** Absent when it cannot be used any more, or is not for this admin to hand out. */
      link?: { address: string; qr: string } | undefined;
      backUrl: string;
      notice?: 'created' | undefined;
    };

declare module '../../platform/web/pages.ts' {
  interface Pages {
    admin: AdminPage;
  }
}
