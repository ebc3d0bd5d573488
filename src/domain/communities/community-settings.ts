import { isEmailAddress } from '../../platform/text/names.ts';
import {
  lineFault,
  linesFault,
  slugFault,
  wholeNumberFault,
} from '../../platform/text/text-faults.ts';
import type { Fault } from '../refused-changes.ts';
import type { COMMUNITY_STATES, Community } from './community.ts';
import { canonicalHost, hostFault } from './host-name.ts';
import { ldapBaseFault } from './ldap-base.ts';
import type { Logo } from './logo.ts';

export type Question = { text: string; required: boolean };
/** A page of the community elsewhere. */
export type Link = { name: string; url: string };

/** What a community says of itself, and what it asks of its members. */
export type CommunitySettings = Pick<
  Community,
  'name' | 'locale' | 'registration' | 'accent' | 'secondFactor' | 'recoveryDelayHours'
> & {
  /** An e-mail address that members are shown. */
  contact: string | null;
  /** What the community is, in a few sentences. */
  description: string | null;
  town: string | null;
  /** What those who sign in read first. */
  welcome: string | null;
  links: Link[];
  /** Whether the hub's first page names it. */
  listed: boolean;
  /** Own hosts; the first is the issuer of services that are registered from then on. */
  hosts: string[];
  /** Naming context of the LDAP tree. */
  ldapBase: string;
  /** Whether members may bind with their own password. */
  ldapPasswordBind: boolean;
  /** Whether operators' readers see the community. */
  ldapOpenToOperators: boolean;
  /** ISO 8601, to the second, in UTC; null: at once. */
  secondFactorFrom: string | null;
  /** What those who want to join are asked, in order. */
  questions: Question[];
};

/** Absent: as it is. A list is the whole list. */
export type SettingsChange = {
  [Key in keyof CommunitySettings]?: CommunitySettings[Key] | undefined;
} & {
  logo?: Logo | null | undefined;
  state?: (typeof COMMUNITY_STATES)[number] | undefined;
};

/** The names that the file (docs/apply.md), the commands and the audit trail have for the settings. */
export const SETTING_NAMES = {
  name: 'name',
  locale: 'locale',
  state: 'state',
  registration: 'registration',
  accent: 'branding.accent',
  contact: 'contact',
  description: 'description',
  town: 'town',
  welcome: 'branding.welcome',
  links: 'links',
  listed: 'listed',
  ldapBase: 'ldap.base',
  ldapPasswordBind: 'ldap.passwordBind',
  ldapOpenToOperators: 'ldap.openToOperators',
  logo: 'branding.logo',
  secondFactor: 'policies.secondFactor',
  secondFactorFrom: 'policies.secondFactorFrom',
  recoveryDelayHours: 'policies.recoveryDelayHours',
  questions: 'questions',
  hosts: 'hosts',
} as const satisfies Record<keyof SettingsChange, string>;

export const COMMUNITY_NAME = { max: 200 };
export const DESCRIPTION = { max: 1_000 };
export const TOWN = { max: 100 };
export const WELCOME = { max: 500 };
export const LINK_NAME = { max: 60 };
export const LINKS = { max: 10 };
export const QUESTION_TEXT = { max: 300 };
export const RECOVERY_HOURS = { min: 1, max: 720 };

export function accentFault(value: string): string | undefined {
  return /^#[0-9a-f]{6}$/i.test(value) ? undefined : 'must be a colour written as "#0a7d5a"';
}

/** Why something is no address of a page; undefined when it is one. */
export function linkFault(value: string): string | undefined {
  const isPage = value.length <= 300 && URL.canParse(value) && /^https?:\/\/[^\s@/]/.test(value);
  return isPage ? undefined : 'must begin with https:// and have at most 300 characters';
}

export function linksFault(links: readonly Link[]): string | undefined {
  return links.length <= LINKS.max ? undefined : `has more than ${LINKS.max} links`;
}

/** Why something is not a day; undefined when it is one. */
export function dayFault(value: string): string | undefined {
  const isDay = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z)?$/.test(value);
  return isDay && !Number.isNaN(Date.parse(value)) ? undefined : 'must be a day such as 2027-01-31';
}

export function questionsFault(questions: readonly { text: string }[]): string | undefined {
  return new Set(questions.map(({ text }) => text)).size === questions.length
    ? undefined
    : 'asks the same question twice: leave one of them out';
}

/** What is wrong with the values of a change, each for itself. */
export function settingsFaults(slug: string, change: SettingsChange): Fault[] {
  const faults: Fault[] = [];
  const check = (key: string | [string, number], noun: string, value: unknown, fault?: string) => {
    if (fault === undefined) return;
    const subject = typeof value === 'string' ? `the ${noun} "${value}"` : `the ${noun}`;
    faults.push({ code: 'value', path: [key].flat(), subject, fault });
  };
  const { name, accent, contact, hosts = [], ldapBase, secondFactorFrom, questions = [] } = change;
  const { recoveryDelayHours: hours, description, town, welcome, links = [] } = change;
  const slugIs = slugFault(slug);
  if (slugIs !== undefined) {
    const subject = `"${slug}" is not a slug: it`;
    faults.push({ code: 'slug-shape', path: ['slug'], subject, fault: slugIs });
  }
  if (name !== undefined) check('name', 'name', undefined, lineFault(name, COMMUNITY_NAME));
  if (accent != null) check('accent', 'accent', accent, accentFault(accent));
  if (contact != null && !isEmailAddress(contact)) {
    const fault = 'must be an e-mail address, such as name@example.org';
    check('contact', 'contact', contact, fault);
  }
  if (description != null)
    check('description', 'description', undefined, linesFault(description, DESCRIPTION));
  if (town != null) check('town', 'town', undefined, lineFault(town, TOWN));
  if (welcome != null) check('welcome', 'welcome', undefined, linesFault(welcome, WELCOME));
  for (const [index, link] of links.entries()) {
    check(['links', index], 'name of a link', undefined, lineFault(link.name, LINK_NAME));
    check(['links', index], 'link', link.url, linkFault(link.url));
  }
  check('links', 'list of links', undefined, linksFault(links));
  for (const [index, host] of hosts.entries())
    check(['hosts', index], 'host', host, hostFault(host));
  if (ldapBase !== undefined) {
    const fault = ldapBaseFault(ldapBase);
    const subject = `the LDAP base "${ldapBase}"`;
    if (fault !== undefined)
      faults.push({ code: 'ldap-base-shape', path: ['ldapBase'], subject, fault });
  }
  if (secondFactorFrom != null)
    check('secondFactorFrom', 'day', secondFactorFrom, dayFault(secondFactorFrom));
  if (hours !== undefined)
    check(
      'recoveryDelayHours',
      'delay of a recovery',
      hours,
      wholeNumberFault(hours, RECOVERY_HOURS),
    );
  for (const [index, { text }] of questions.entries())
    check(['questions', index], 'question', undefined, lineFault(text, QUESTION_TEXT));
  check('questions', 'list of questions', undefined, questionsFault(questions));
  return faults;
}

/** The form in which valid settings are kept and compared. */
export function normalized(change: SettingsChange): SettingsChange {
  const { accent, hosts, secondFactorFrom } = change;
  return {
    ...change,
    accent: accent?.toLowerCase() ?? accent,
    hosts: hosts && [...new Set(hosts.map((host) => canonicalHost(host) ?? host))],
    secondFactorFrom: secondFactorFrom == null ? secondFactorFrom : instant(secondFactorFrom),
  };
}

/** `2027-01-31`, or a moment of that day, as the database tells it. */
function instant(day: string): string {
  const time = new Date(day);
  return Number.isNaN(time.getTime()) ? day : `${time.toISOString().slice(0, 19)}Z`;
}
