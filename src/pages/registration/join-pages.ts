import type { FieldFault } from './pages.ts';

/** Pages on which somebody who has an account on the hub joins another of its communities. */
export type JoiningPage =
  | {
      /** Of the hub: where one has an account. */
      page: 'join';
      community: string;
      communities: { name: string; url: string }[];
      backUrl: string;
    }
  | { page: 'join-expired'; homeUrl: string }
  | {
      page: 'account/join';
      action: string;
      csrf: string;
      community: string;
      state: 'active' | 'requested';
      /** What the invitation gives, where there is one. */
      role: 'member' | 'admin' | 'owner';
      groups: string[];
      username: string;
      displayName: string;
      givenName: string;
      familyName: string;
      /** Proven addresses of the person, of which the community gets the chosen one. */
      emails: { address: string; chosen: boolean }[];
      questions: { field: string; text: string; required: boolean; answer: string }[];
      faults: FieldFault[];
    }
  | {
      page: 'account/join-closed';
      community: string;
      reason: JoinRefusal;
      url: string;
    };

/** Why somebody cannot join a community, or not by this way. */
export type JoinRefusal =
  | 'member'
  | 'requested'
  | 'left'
  | 'suspended'
  | 'closed'
  | 'ended'
  /** The person has proven no address. */
  | 'no-address'
  /** Other accounts of the community have all of them, or were refused with them. */
  | 'address-taken';

declare module '../../platform/web/pages.ts' {
  interface Pages {
    joining: JoiningPage;
  }
}
