import { type Dn, formatDn, parseDn, rdnKey } from '../../platform/distinguished-names/dn.ts';
import { canonicalAttribute } from '../../platform/distinguished-names/oid-names.ts';

/** Types that the entry of a base can have: an organization, a unit of one, or a domain (RFC 4519 §2). */
const TYPES = new Set(['o', 'ou', 'dc']);
/** Names that the hub itself answers for. */
const RESERVED = ['cn=operators', 'cn=subschema'];
const MAX_LENGTH = 255;

/** What is wrong with the naming context of a community's LDAP tree; undefined when nothing is. */
export function ldapBaseFault(base: string): string | undefined {
  const dn = base.length > MAX_LENGTH || /\p{Cc}/u.test(base) ? undefined : parseDn(base);
  const own = dn?.[0];
  if (dn === undefined || own === undefined || dn.flat().some(({ value }) => value.trim() === '')) {
    return 'must be a distinguished name, such as o=lamyne or dc=lamyne,dc=example';
  }
  const names = namesAbove(dn);
  const reserved = RESERVED.find((name) => names.includes(name));
  if (reserved !== undefined) return `must not be ${reserved} or lie inside it: that is the hub's`;
  if (own.length > 1 || !TYPES.has(canonicalAttribute(own[0]?.type ?? ''))) {
    return 'must begin with o=, ou= or dc=, such as o=lamyne or dc=lamyne,dc=example';
  }
  // Clients are given the base as it is written here; not all of them take other spellings for the same.
  const plain = formatDn(dn);
  return base === plain ? undefined : `must be written ${plain}`;
}

export type BaseClash<Item> = {
  inner: Item;
  outer: Item;
  /** Both are one name; else `inner` lies inside `outer`. */
  same: boolean;
};

/**
 * Pairs of bases that cannot both stand: equal, or one inside the other, however they are spelled (RFC
 * 4517 §4.2.15). Of two that are equal, the first of the list is `outer`.
 */
export function baseClashes<Item extends { base: string }>(
  items: readonly Item[],
): BaseClash<Item>[] {
  const named = items.map((item) => ({ item, names: namesAbove(parseDn(item.base) ?? []) }));
  const holders = Map.groupBy(named, ({ names }) => names[0] ?? '');
  const place = new Map(items.map((item, index) => [item, index]));
  return named.flatMap(({ item: inner, names }) =>
    names.flatMap((name, depth) =>
      (holders.get(name) ?? [])
        .map(({ item: outer }) => ({ inner, outer, same: depth === 0 }))
        .filter(
          ({ outer, same }) => !same || (place.get(outer) as number) < (place.get(inner) as number),
        ),
    ),
  );
}

/** Keys of a name and of every name that it lies inside of, its own first. */
function namesAbove(dn: Dn): string[] {
  const keys = dn.map(rdnKey);
  return keys.map((_, index) => keys.slice(index).join(','));
}
