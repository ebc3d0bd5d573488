import type { Facts, HubFacts } from './facts.ts';
import {
  BASE,
  COMMUNITY_NAME,
  GROUPS,
  HOME,
  PEOPLE,
  PRIMARY_GROUP,
  READER,
  SERVICE,
  SHELL,
  type SourceGroup,
  type SourcePerson,
} from './source.ts';

export type Entry = { dn: string; values: [name: string, value: string][] };

/** What a directory shows of the source, worked out from the source alone. */
export function entriesOf(facts: HubFacts, containers: ReadonlyMap<string, string>): Entry[] {
  const unit = (ou: string) =>
    entry(`ou=${ou},${BASE}`, 'organizationalUnit', ['top', 'organizationalUnit'], {
      facts: {
        ...facts.base,
        uuid: containers.get(ou) as string,
        updatedAt: facts.base.createdAt,
      },
      values: [['ou', ou]],
    });
  return [
    entry(BASE, 'organization', ['top', 'organization'], {
      facts: facts.base,
      values: [
        ['o', 'La Myne'],
        ['displayName', COMMUNITY_NAME],
      ],
    }),
    unit('people'),
    unit('groups'),
    unit('services'),
    entry(READER, 'applicationProcess', ['top', 'applicationProcess'], {
      facts: facts.service,
      values: [
        ['cn', SERVICE.slug],
        ['displayName', SERVICE.name],
        ['description', SERVICE.description],
      ],
    }),
    ...PEOPLE.filter(isSeen).map((person) => personEntry(person, facts)),
    ...GROUPS.filter(isShown).map((group) => groupEntry(group, facts)),
  ];
}

const isSeen = ({ status }: SourcePerson): boolean => status === undefined;
const isIn = (group: SourceGroup) => (person: SourcePerson) => person.groups.includes(group.name);

/** Groups are shown while somebody who is seen is in them, or in a group inside them. */
function isShown(group: SourceGroup): boolean {
  const inside = GROUPS.filter(({ name }) => group.groups?.includes(name));
  return PEOPLE.filter(isSeen).some(isIn(group)) || inside.some(isShown);
}

/** A group and all that it is inside of. */
function around(group: SourceGroup): SourceGroup[] {
  const outer = GROUPS.filter(({ groups }) => groups?.includes(group.name));
  return [group, ...outer.flatMap(around)];
}

function personEntry(person: SourcePerson, facts: HubFacts): Entry {
  const { username, name, givenName, familyName, email, locale, groups } = person;
  const own = facts.people.get(username) as Facts;
  const inside = GROUPS.filter((group) => groups.includes(group.name)).flatMap(around);
  const classes = ['top', 'person', 'organizationalPerson', 'inetOrgPerson', 'posixAccount'];
  return entry(personDn(person), 'inetOrgPerson', classes, {
    facts: own,
    values: [
      ['uid', username],
      ['cn', name],
      ['displayName', name],
      ['sn', familyName ?? name],
      ['givenName', givenName],
      ['mail', email],
      ['preferredLanguage', locale],
      ...[...new Set(inside)].map(({ name: group }): Pair => ['memberOf', groupDn(group)]),
      ['uidNumber', own.number],
      ['gidNumber', facts.groups.get(PRIMARY_GROUP)?.number],
      ['homeDirectory', HOME.replace('{username}', username)],
      ['loginShell', SHELL],
    ],
  });
}

function groupEntry(group: SourceGroup, facts: HubFacts): Entry {
  const people = PEOPLE.filter(isSeen).filter(isIn(group));
  const inside = GROUPS.filter(({ name }) => group.groups?.includes(name)).filter(isShown);
  const members = [...people.map(personDn), ...inside.map(({ name }) => groupDn(name))];
  const own = facts.groups.get(group.name) as Facts;
  const classes = ['top', 'groupOfNames', 'groupOfUniqueNames', 'posixGroup'];
  return entry(groupDn(group.name), 'groupOfNames', classes, {
    facts: own,
    values: [
      ['cn', group.name],
      ['description', group.description],
      ...members.map((dn): Pair => ['member', dn]),
      ...members.map((dn): Pair => ['uniqueMember', dn]),
      ['gidNumber', own.number],
      ...people.map(({ username }): Pair => ['memberUid', username]),
    ],
  });
}

type Pair = [string, string | undefined];

function entry(
  dn: string,
  structural: string,
  classes: string[],
  { facts, values }: { facts: Facts; values: Pair[] },
): Entry {
  return {
    dn,
    values: [
      ...classes.map((name): Pair => ['objectClass', name]),
      ...values,
      ['structuralObjectClass', structural] as Pair,
      ['entryUUID', facts.uuid] as Pair,
      ['createTimestamp', facts.createdAt] as Pair,
      ['modifyTimestamp', facts.updatedAt] as Pair,
    ].filter((pair): pair is [string, string] => pair[1] !== undefined),
  };
}

const personDn = ({ username }: SourcePerson): string =>
  `uid=${escaped(username)},ou=people,${BASE}`;
const groupDn = (name: string): string => `cn=${escaped(name)},ou=groups,${BASE}`;

/** All that is not a letter or digit as hex pairs, which every reader of DNs has to know (RFC 4514 §2.4). */
function escaped(value: string): string {
  return value.replaceAll(/[^\p{L}\p{N}]/gu, (char) =>
    [...Buffer.from(char)].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join(''),
  );
}

/** RFC 2849; values in base64, whatever they are. */
export function formatLdif(entries: readonly Entry[]): string {
  const line = (name: string, value: string) =>
    `${name}:: ${Buffer.from(value).toString('base64')}\n`;
  return entries
    .map(
      ({ dn, values }) =>
        line('dn', dn) + values.map(([name, value]) => line(name, value)).join(''),
    )
    .join('\n');
}
