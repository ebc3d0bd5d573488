import { canonicalHost, hubHostFaults } from '../../domain/communities/host-name.ts';
import { findCycle } from '../../domain/groups/group-cycles.ts';
import { tidyGroupName } from '../../domain/groups/group-faults.ts';
import { nameKey } from '../../platform/text/names.ts';
import { reportClient } from './client-contradictions.ts';
import type { Context, Path } from './faults.ts';
import { reportLdapBases, reportPosixRanges } from './ldap-contradictions.ts';
import { didYouMean } from './nearest.ts';
import { type Raw, record, rows, strings, textAt } from './raw.ts';

/** What is right key by key and wrong together. `file` is unchecked: anything may stand anywhere. */
export function reportContradictions(file: unknown, context: Context): void {
  const communities = rows(file, 'communities');
  reportTwice(
    context,
    'e-mail address',
    rows(file, 'operators').map((row, i) => [['operators', i, 'email'], folded(row, 'email')]),
  );
  reportTwice(
    context,
    'slug',
    communities.map((row, i) => [['communities', i, 'slug'], textAt(row, 'slug')]),
  );
  reportTwice(context, 'host', communities.flatMap(hostsAt(['hosts'])));
  reportTwice(context, 'LDAP host', communities.flatMap(hostsAt(['ldap', 'hosts'])));
  reportTwice(
    context,
    'reader',
    rows(file, 'operatorReaders').map((row, i) => [
      ['operatorReaders', i, 'name'],
      textAt(row, 'name'),
    ]),
  );
  reportLdapBases(context, communities);
  reportPosixRanges(context, communities);
  for (const [i, row] of rows(file, 'operators').entries())
    reportCredentials(context, ['operators', i], row);
  for (const [i, row] of communities.entries()) {
    reportHubHost(context, ['communities', i], row);
    reportGroups(context, ['communities', i], row);
    reportPrimaryGroup(context, ['communities', i, 'ldap', 'posix'], row);
    reportMembers(context, ['communities', i], row);
    reportServices(context, ['communities', i], row);
  }
  reportPartnerships(context, file, communities);
}

type Entry = [path: Path, key: string | undefined];

/** Each entry whose key an earlier one has. */
function reportTwice({ report, lineOf }: Context, what: string, entries: Entry[]): void {
  const first = new Map<string, Path>();
  for (const [path, key] of entries) {
    if (key === undefined) continue;
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, path);
    else report(path, `is the same ${what} as on line ${lineOf(earlier)}: each may stand once`);
  }
}

/** Hosts of a list of a community's, with where each stands. */
function hostsAt(keys: readonly string[]): (row: Raw, index: number) => Entry[] {
  return (row, index) => {
    const list = keys.reduce<unknown>((value, key) => record(value)[key], row);
    return strings(list).map((host, j) => [
      ['communities', index, ...keys, j],
      canonicalHost(host),
    ]);
  };
}

function folded(row: Raw, key: string): string | undefined {
  const value = textAt(row, key);
  return value === undefined ? undefined : nameKey(value);
}

function groupKey(name: string): string {
  return nameKey(tidyGroupName(name));
}

function groupKeyOf(group: Raw): string | undefined {
  const name = textAt(group, 'name');
  return name === undefined ? undefined : groupKey(name);
}

function reportHubHost({ report, hubUrl }: Context, path: Path, row: Raw): void {
  for (const { path: rest, fault } of hubHostFaults(strings(row.hosts), hubUrl))
    report([...path, ...rest], fault);
  const ldapHosts = strings(record(row.ldap).hosts);
  for (const { path: rest, fault } of hubHostFaults(ldapHosts, hubUrl, 'ldapHosts'))
    report([...path, 'ldap', 'hosts', ...rest.slice(1)], fault);
}

function reportGroups(context: Context, path: Path, row: Raw): void {
  const groups = rows(row, 'groups');
  reportTwice(
    context,
    'group',
    groups.map((group, j) => [[...path, 'groups', j, 'name'], groupKeyOf(group)]),
  );
  for (const [j, group] of groups.entries()) {
    reportUnknownGroups(context, [...path, 'groups', j, 'groups'], row, group.groups);
  }
  const children = new Map(
    groups.map((group) => [groupKeyOf(group) ?? '', strings(group.groups).map(groupKey)]),
  );
  const cycle = findCycle(children);
  if (cycle === undefined) return;
  const index = groups.findIndex((group) => groupKeyOf(group) === cycle[0]);
  context.report(
    [...path, 'groups', index, 'groups'],
    `goes round in a circle: ${cycle.join(' → ')}; take one of these out`,
  );
}

/** Whoever has a POSIX account is in this group, so that it must be there. */
function reportPrimaryGroup({ report }: Context, path: Path, row: Raw): void {
  const name = textAt(record(record(row.ldap).posix), 'primaryGroup');
  if (name === undefined) return;
  const known = rows(row, 'groups').flatMap((group) => textAt(group, 'name') ?? []);
  if (known.some((other) => groupKey(other) === groupKey(name))) return;
  report([...path, 'primaryGroup'], unknownGroup(name, known));
}

function unknownGroup(name: string, known: readonly string[]): string {
  return `names the group "${name}", which is not among this community's groups${didYouMean(name, known)}: add it to groups, or mend the name`;
}

function reportUnknownGroups(
  { report }: Context,
  path: Path,
  community: Raw,
  names: unknown,
): void {
  const known = rows(community, 'groups').flatMap((group) => textAt(group, 'name') ?? []);
  const keys = new Set(known.map(groupKey));
  for (const [k, name] of strings(names).entries()) {
    // What is no name has a fault of its own.
    if (name !== '' && !keys.has(groupKey(name))) {
      report([...path, k], unknownGroup(name, known));
    }
  }
}

function reportMembers(context: Context, path: Path, row: Raw): void {
  const members = rows(row, 'members');
  const at = (j: number, key: string) => [...path, 'members', j, key];
  reportTwice(
    context,
    'username (case does not count)',
    members.map((member, j) => [at(j, 'username'), folded(member, 'username')]),
  );
  reportTwice(
    context,
    'e-mail address',
    members.map((member, j) => [at(j, 'email'), folded(member, 'email')]),
  );
  const known = new Set(rows(row, 'groups').flatMap((group) => groupKeyOf(group) ?? []));
  for (const [j, member] of members.entries()) {
    reportCredentials(context, [...path, 'members', j], member);
    const names = placeNames(member.groups);
    if (names.some((name) => !known.has(groupKey(name)))) {
      reportUnknownGroups(context, at(j, 'groups'), row, names);
    }
  }
}

/** The groups of a member, by name alone or in a mapping. */
function placeNames(list: unknown): string[] {
  if (!Array.isArray(list)) return [];
  return list.map((place) =>
    typeof place === 'string' ? place : (textAt(record(place), 'name') ?? ''),
  );
}

function reportCredentials({ report }: Context, path: Path, row: Raw): void {
  if (row.password !== undefined && row.passwordHash !== undefined) {
    report([...path, 'passwordHash'], 'stands beside password: give one of the two');
  }
}

function reportServices(context: Context, path: Path, row: Raw): void {
  const services = rows(row, 'services');
  const at = (j: number, ...rest: string[]) => [...path, 'services', j, ...rest];
  reportTwice(
    context,
    'service',
    services.map((service, j) => [at(j, 'slug'), textAt(service, 'slug')]),
  );
  reportTwice(
    context,
    'client id',
    services.map((service, j) => [at(j, 'client', 'id'), textAt(record(service.client), 'id')]),
  );
  for (const [j, service] of services.entries()) {
    reportUnknownGroups(context, at(j, 'access', 'groups'), row, record(service.access).groups);
    if (service.client !== undefined && service.client !== null) {
      reportClient(context.report, at(j, 'client'), record(service.client));
    }
  }
}

function reportPartnerships({ report }: Context, file: unknown, communities: Raw[]): void {
  const partnerships = rows(file, 'partnerships');
  const slugs = communities.flatMap((row) => textAt(row, 'slug') ?? []);
  for (const [i, row] of partnerships.entries()) {
    for (const key of ['host', 'partner']) {
      const slug = textAt(row, key);
      if (slug !== undefined && !slugs.includes(slug))
        report(
          ['partnerships', i, key],
          `names the community "${slug}", which this file does not have${didYouMean(slug, slugs)}`,
        );
    }
    if (row.host !== undefined && row.host === row.partner)
      report(
        ['partnerships', i, 'partner'],
        'is the host itself: a partnership is between two communities',
      );
    const host = communities.find((community) => community.slug === row.host);
    const services = rows(host, 'services').flatMap((service) => textAt(service, 'slug') ?? []);
    for (const [j, slug] of strings(row.services).entries()) {
      if (host !== undefined && !services.includes(slug))
        report(
          ['partnerships', i, 'services', j],
          `names the service "${slug}", which the host does not have${didYouMean(slug, services)}`,
        );
    }
  }
  if (partnerships.length > 0) {
    report(
      ['partnerships'],
      'partnerships are not in effect yet, and nothing of a file that has them is applied: take them out',
    );
  }
}
