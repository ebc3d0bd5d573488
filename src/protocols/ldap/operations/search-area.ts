import type { Dn } from '../../../platform/distinguished-names/dn.ts';
import type { Directory, Entry } from '../directory/directory.ts';
import { findByDn } from '../directory/find-by-dn.ts';
import { entryDn, type Scene } from '../entries/entry-types.ts';
import type { Scope } from '../protocol/message.ts';
import { LdapError, RESULT } from '../protocol/result.ts';
import { seesEntry } from './session.ts';

/** What a base and a scope cover (RFC 4511 §4.5.1.2). */
export type Area = {
  /** Containers, services and, where the base is a single entry, that one. */
  others: readonly Entry[];
  /** `others` is the base alone, found by its name and not by an index. */
  isLeaf: boolean;
  people: boolean;
  groups: boolean;
};

const NOWHERE: Area = { others: [], isLeaf: true, people: false, groups: false };

/**
 * @param dn in the directory's naming context
 * @throws LdapError `noSuchObject`, with the lowest entry above that can be seen (row 15)
 */
export function areaOf(directory: Directory, dn: Dn, scope: Scope, scene: Scene): Area {
  const entry = requireEntry(directory, dn, scene);
  if (scope === 'base') return { ...NOWHERE, others: [entry] };
  const below = scope === 'sub' || scope === 'children';
  const { base, people, groups, services } = directory;
  const self = scope === 'sub' ? [entry] : [];
  if (entry === base) {
    return {
      others: [...self, people, groups, services, ...(below ? directory.servicesById : [])],
      isLeaf: false,
      people: below,
      groups: below,
    };
  }
  if (entry.kind !== 'container') return { ...NOWHERE, others: self };
  return {
    others: entry === services ? [...self, ...directory.servicesById] : self,
    isLeaf: false,
    people: entry === people,
    groups: entry === groups,
  };
}

/** The entry that a name leads to, where it can be seen; @throws LdapError `noSuchObject` */
export function requireEntry(directory: Directory, dn: Dn, scene: Scene): Entry {
  const place = findByDn(directory, dn);
  if (place.entry !== undefined && seesEntry(place.entry, scene)) return place.entry;
  const above = place.entry === undefined ? place.above : parentOf(place.entry, directory);
  const shown = seesEntry(above, scene) ? above : parentOf(above, directory);
  throw new LdapError(RESULT.noSuchObject, '', entryDn(shown, directory));
}

function parentOf(entry: Entry, directory: Directory): Entry {
  if (entry.kind === 'person') return directory.people;
  if (entry.kind === 'group') return directory.groups;
  return entry.kind === 'service' ? directory.services : directory.base;
}
