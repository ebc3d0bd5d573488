import type { NewPasswordFault } from '../../domain/people/password-rule.ts';
import type { OpenService } from '../../domain/services/stays-open.ts';
import type { ClaimItem } from '../components/claim-items.ts';
import type { OthersQuestion } from '../components/other-sessions-field.ts';
import type { SessionView } from '../components/session-view.ts';

type Form = { action: string; csrf: string };
type Fault<Field extends string, Code extends string> = { field: Field; code: Code };

export type ProfileFault = Fault<
  'display_name' | 'given_name' | 'family_name' | 'nickname' | 'pronouns' | 'picture',
  | 'missing'
  | 'too-long'
  | 'characters'
  | 'pronouns-too-long'
  | 'picture-too-large'
  | 'picture-format'
  | 'picture-dimensions'
  | 'picture-broken'
  | 'picture-busy'
  | 'picture-again'
>;

/** One service, as a member sees what it has of them. */
export type ServiceView = {
  slug: string;
  name: string;
  icon?: string | undefined;
  description?: string | undefined;
  url?: string | undefined;
  state: 'open' | 'requested' | 'closed';
  received?: { items: ClaimItem[]; first: string; last: string } | undefined;
  /** What its directory account reads by itself, whenever it likes. */
  directory?: ClaimItem[] | undefined;
  agreed?: { kind: 'notice' | 'consent'; scopes: string[]; on: string } | undefined;
};

export type ActivityView = {
  id: string;
  time: string;
  /** Key of the sentence; `other` for what this version has no words for. */
  what: string;
  /** Who did it. */
  by: 'you' | 'admin' | 'team' | 'program' | 'hub' | 'somebody';
  byName?: string | undefined;
  /** The service, group, name or device that it was about. */
  about?: string | undefined;
};

/** Pages of a member's own account. */
export type PasswordPage = {
  page: 'account/password';
  action: string;
  csrf: string;
  /** For password managers, which file the new one under it. */
  username: string;
  /** Whether there is one yet: some have passkeys only. */
  hasOne: boolean;
  secondFactor: boolean;
  others: OthersQuestion;
  notice?: 'changed' | 'changed-here' | undefined;
  faults: { field: 'password'; code: NewPasswordFault }[];
};

export type AccountPage =
  | PasswordPage
  | {
      page: 'account/overview';
      base: string;
      member: { displayName: string; username: string; pictureUrl?: string | undefined };
      /** What guards the account, and how well. */
      checks: {
        kind: 'second-factor' | 'recovery-codes' | 'email';
        state: 'good' | 'few' | 'missing' | 'required' | 'unverified';
        url: string;
        count?: number | undefined;
        /** By when. */
        date?: string | undefined;
        address?: string | undefined;
      }[];
      devices: SessionView[];
      /** How many more there are. */
      moreDevices: number;
      /** Where else the person has an account; empty with this community alone. */
      communities: { name: string; url: string; here: boolean }[];
    }
  | ({
      page: 'account/profile';
      username: string;
      pictureUrl?: string | undefined;
      displayName: string;
      givenName: string;
      familyName: string;
      nickname: string;
      pronouns: string;
      notice?: 'saved' | undefined;
      faults: ProfileFault[];
    } & Form)
  | ({
      page: 'account/language';
      locale: 'fr' | 'en';
      zoneinfo: string;
      /** Time zones of the IANA database, by region. */
      regions: { name: string; zones: { id: string; name: string }[] }[];
      /** The time in the zone that is kept. */
      now: string;
      notice?: 'saved' | undefined;
      faults: Fault<'locale' | 'zoneinfo', 'locale' | 'zoneinfo'>[];
    } & Form)
  | ({
      page: 'account/app-passwords';
      passwords: {
        id: string;
        name: string;
        service: string;
        created: string;
        lastUsed?: string | undefined;
      }[];
      services: { slug: string; name: string; selected: boolean }[];
      name: string;
      notice?: 'revoked' | undefined;
      faults: Fault<
        'name' | 'service',
        'app-password-name' | 'too-many-app-passwords' | 'service'
      >[];
    } & Form)
  | {
      page: 'account/app-password-made';
      backUrl: string;
      name: string;
      service: string;
      secret: string;
      username: string;
      dn: string;
    }
  | ({
      page: 'account/sessions';
      sessions: SessionView[];
      /** What is not told of any of it, and stays open. */
      open: OpenService[];
      hasOthers: boolean;
      notice?: 'ended' | 'others-ended' | undefined;
    } & Form)
  | ({
      page: 'account/services';
      services: ServiceView[];
      notice?: 'withdrawn' | undefined;
    } & Form)
  | {
      page: 'account/activity';
      days: { day: string; events: ActivityView[] }[];
      newestUrl?: string | undefined;
      olderUrl?: string | undefined;
    };

declare module '../../platform/web/pages.ts' {
  interface Pages {
    account: AccountPage;
  }
}
