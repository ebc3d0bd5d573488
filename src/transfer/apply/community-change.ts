import type { CommunityRow, PosixSettings } from '../../domain/communities/community-rows.ts';
import type {
  Link,
  Question,
  SettingsChange,
} from '../../domain/communities/community-settings.ts';
import { canonicalHost } from '../../domain/communities/host-name.ts';
import type { Logo } from '../../domain/communities/logo.ts';
import type { CommunityChange } from '../../domain/communities/save-communities.ts';
import { nameKey } from '../../platform/text/names.ts';
import type { CommunityEntry } from './schema.ts';

/**
 * What the file wants of a community. What it does not say stays; hosts, links and questions that its lists do not
 * name stay, too, behind those that they do, unless the run prunes.
 */
export function toCommunityChange(
  entry: CommunityEntry,
  logo: Logo | null | undefined,
  before: CommunityRow | undefined,
  prune: boolean,
): CommunityChange {
  const { branding, ldap, policies } = entry;
  const change: SettingsChange = {
    name: entry.name,
    locale: entry.locale,
    state: entry.state,
    registration: entry.registration,
    accent: branding?.accent,
    logo,
    contact: entry.contact,
    description: entry.description,
    town: entry.town,
    welcome: branding?.welcome,
    links: links(entry.links, before?.links ?? [], prune),
    listed: entry.listed,
    ldapBase: ldap?.base,
    ldapPasswordBind: ldap?.passwordBind,
    ldapOpenToOperators: ldap?.openToOperators,
    secondFactor: policies?.secondFactor,
    secondFactorFrom: policies?.secondFactorFrom,
    recoveryDelayHours: policies?.recoveryDelayHours,
    questions: questions(entry.questions, before?.questions ?? [], prune),
    hosts: hosts(entry.hosts, before?.hosts ?? [], prune),
  };
  return { slug: entry.slug, ...change };
}

function questions(
  given: CommunityEntry['questions'],
  before: readonly Question[],
  prune: boolean,
): Question[] | undefined {
  if (given === undefined) return undefined;
  const wanted = given.map(({ text, required }) => ({ text, required: required ?? true }));
  const named = new Set(wanted.map(({ text }) => text));
  return prune ? wanted : [...wanted, ...before.filter(({ text }) => !named.has(text))];
}

function links(
  given: CommunityEntry['links'],
  before: readonly Link[],
  prune: boolean,
): Link[] | undefined {
  if (given === undefined || prune) return given;
  const named = new Set(given.map(({ url }) => url));
  return [...given, ...before.filter(({ url }) => !named.has(url))];
}

function hosts(
  given: readonly string[] | undefined,
  before: readonly string[],
  prune: boolean,
): string[] | undefined {
  if (given === undefined) return undefined;
  const wanted = given.map((host) => canonicalHost(host) as string);
  return prune ? wanted : [...wanted, ...before.filter((host) => !wanted.includes(host))];
}

/** What POSIX accounts will be; null: off. */
export function wantedPosix(
  given: NonNullable<CommunityEntry['ldap']>['posix'],
  before: PosixSettings | null,
): PosixSettings | null {
  if (given === undefined || given === null) return given === undefined ? before : null;
  const { firstNumber, count, primaryGroup } = given;
  const isSame = before !== null && nameKey(before.primaryGroup) === nameKey(primaryGroup);
  return {
    firstNumber,
    count,
    primaryGroup: isSame ? before.primaryGroup : primaryGroup,
    home: given.home ?? before?.home ?? '/home/{username}',
    shell: given.shell ?? before?.shell ?? '/bin/bash',
  };
}
