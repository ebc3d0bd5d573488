import type { OtherSessions } from '../second-factors/other-sessions.ts';
import type { Role, Status } from './membership-store.ts';
import type { StatusChange } from './status-change.ts';

/** What a membership says, as changes give it; null where it says nothing. */
export type MemberValues = {
  username: string;
  /** The name that people read. */
  displayName: string;
  givenName: string | null;
  familyName: string | null;
  nickname: string | null;
  pronouns: string | null;
  email: string | null;
  locale: string | null;
  zoneinfo: string | null;
  role: Role;
};

/** When what was given ends by itself; null where it does not. */
export type MemberEnds = {
  /** Of the membership: it opens nothing from then on. */
  until: Date | null;
  /** Of the role: a plain member's from then on. */
  roleUntil: Date | null;
};

/** A group to be in; with `until`, up to then. An id alone says nothing of an end: one that is there stays. */
export type InGroup = string | { id: string; until: Date | null };

type Partly<Values> = { [Key in keyof Values]?: Values[Key] | undefined };

export type NewMember = Partly<MemberValues & MemberEnds> & {
  /** A person who is known, and who said so themselves; without one, the member gets a person of their own. */
  personId?: string | undefined;
  username: string;
  displayName: string;
  /** Whether somebody vouches for the address; false when it must be proved first. */
  emailVerified?: boolean | undefined;
  /** From `hashPassword`, made before the transaction began. */
  passwordHash?: string | undefined;
  status?: Status | undefined;
  groupIds?: readonly InGroup[] | undefined;
};

export type NewPassword = {
  /** From `hashPassword`, made before the transaction began. */
  hash: string;
  /** Whether it is too short to be all that guards an account: then its second factor stays. */
  isShort?: boolean | undefined;
  /** Uid of the session in which it was changed, which goes on. */
  keptSession?: string | undefined;
  /** What the person said of their other sessions; where nobody asked them, all end. */
  others?: OtherSessions | undefined;
};

/** What is to be otherwise of a member; what is absent stays. */
export type ChangedMember = Partly<MemberValues & MemberEnds> & {
  subject: string;
  /** Somebody vouches for the address. */
  emailVerified?: true | undefined;
  /** What becomes of the membership; or `status`, and what it takes to get there from where it is. */
  statusChange?: StatusChange | undefined;
  status?: Status | undefined;
  /** What is written to somebody whose request is refused; it stands in no event. */
  reason?: string | undefined;
  password?: NewPassword | undefined;
  /** Groups to be put into and taken out of, or the only ones to be (directly) in. */
  groups?:
    | { add?: readonly InGroup[]; remove?: readonly string[] }
    | { only: readonly InGroup[] }
    | undefined;
  /** Takes away what has ended by now, and nothing else: the membership, the role, places in groups. */
  whatEnded?: true | undefined;
};

export type MemberChange = NewMember | ChangedMember;

/** What a change has made of a member. */
export type SavedMember = {
  subject: string;
  username: string;
  isNew: boolean;
  /** What is otherwise than before; of a new member nothing. */
  changed: ChangedField[];
  /** Names of the groups that they came into and went out of. */
  added: string[];
  removed: string[];
  /** Names of the groups in which they are up to another time. */
  redated: string[];
};

export type ChangedField = keyof MemberValues | keyof MemberEnds | 'status' | 'password';

/** Where a change happens: the community, and its address, where the links of notices lead. */
export type Place = {
  id: string;
  /** None is sent without it. */
  issuerUrl: string | undefined;
};
