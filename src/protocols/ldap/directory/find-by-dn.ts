import type { Dn } from '../../../platform/distinguished-names/dn.ts';
import { dnKey, rdnKey } from '../../../platform/distinguished-names/dn.ts';
import { canonicalAttribute } from '../../../platform/distinguished-names/oid-names.ts';
import { foldCase } from '../../../platform/distinguished-names/prepare.ts';
import type { Directory, Entry } from './directory.ts';

/** Where a name leads in a directory: to an entry, or to the lowest one above the missing one. */
export type Place = { entry: Entry } | { entry: undefined; above: Entry };

/**
 * Finds what a name stands for. What somebody may see of it is not decided here.
 * @param dn in the community's naming context
 */
export function findByDn(directory: Directory, dn: Dn): Place {
  const below = dn.length - directory.depth;
  if (below === 0) return { entry: directory.base };
  const container = findContainer(directory, rdnKey(dn[below - 1] ?? []));
  if (container === undefined) return { entry: undefined, above: directory.base };
  if (below === 1) return { entry: container };
  const leaf = findLeaf(directory, container, dn[below - 2] ?? []);
  if (leaf === undefined) return { entry: undefined, above: container };
  return below === 2 ? { entry: leaf } : { entry: undefined, above: leaf };
}

/** Whether a name is the community's naming context or below it. */
export function isInDirectory(directory: Directory, dn: Dn): boolean {
  const { depth, baseKey } = directory;
  return dn.length >= depth && dnKey(dn.slice(dn.length - depth)) === baseKey;
}

function findContainer(directory: Directory, key: string) {
  if (key === 'ou=people') return directory.people;
  if (key === 'ou=groups') return directory.groups;
  return key === 'ou=services' ? directory.services : undefined;
}

function findLeaf(directory: Directory, container: Entry, rdn: Dn[number]): Entry | undefined {
  const [named] = rdn;
  if (named === undefined || rdn.length !== 1) return undefined;
  const type = canonicalAttribute(named.type);
  const key = foldCase(named.value);
  if (container === directory.people) {
    return type === 'uid' ? directory.peopleByUid.get(key) : undefined;
  }
  if (type !== 'cn') return undefined;
  return container === directory.groups
    ? directory.groupsByName.get(key)
    : directory.servicesBySlug.get(key);
}
