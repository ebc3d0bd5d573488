import { type Dn, dnKey, parseDn, rdnKey } from '../../../platform/distinguished-names/dn.ts';
import { canonicalAttribute } from '../../../platform/distinguished-names/oid-names.ts';
import type { Directory, Person, Service } from '../directory/directory.ts';
import { findByDn } from '../directory/find-by-dn.ts';
import { notActive } from './directory-for.ts';
import type { Tree } from './session.ts';

/** Whom a bind names: a reader, a person, an operators' reader, or nobody. */
export type Principal =
  | { kind: 'reader'; directory: Directory; service: Service; hash: string }
  | {
      kind: 'person';
      directory: Directory;
      person: Person;
      /** The service that the name goes through (`uid=alice,cn=cloud,ou=services,BASE`), if it does. */
      through: Service | undefined;
    }
  | { kind: 'operator'; name: string; hash: string }
  | {
      kind: 'nobody';
      communityId: string | undefined;
      /** The username that the name is made of, where it has the form of a person's. */
      username: string | undefined;
    };

/** Readers of operators stand outside of every community: `cn=NAME,cn=operators`. */
const OPERATORS = 'cn=operators';
const NOBODY: Principal = { kind: 'nobody', communityId: undefined, username: undefined };

/** @throws LdapError `unavailable` when that cannot be known now; never for a name that leads nowhere */
export async function findPrincipal(name: string, tree: Tree): Promise<Principal> {
  if (!tree.contexts.follower.isCurrent()) await tree.contexts.follower.becomeCurrent();
  const dn = parseDn(name);
  if (dn === undefined || dn.length === 0) return NOBODY;
  const operator = operatorName(dn);
  if (operator !== undefined) {
    const hash = tree.contexts.operatorReaderHash(operator);
    return hash === undefined ? NOBODY : { kind: 'operator', name: operator.toLowerCase(), hash };
  }
  const context = tree.contexts.containing(dn);
  if (context === undefined) return NOBODY;
  if (!context.isActive) throw notActive();
  const directory = await tree.directories.get(context.communityId);
  const found = inDirectory(directory, dn);
  if (found !== undefined) return found;
  const { communityId } = context;
  return { kind: 'nobody', communityId, username: usernameIn(directory, dn) };
}

function operatorName(dn: Dn): string | undefined {
  const [named] = dn[0] ?? [];
  if (dn.length !== 2 || named === undefined || dnKey(dn.slice(1)) !== OPERATORS) return undefined;
  return canonicalAttribute(named.type) === 'cn' ? named.value : undefined;
}

function inDirectory(directory: Directory, dn: Dn): Principal | undefined {
  const { entry } = findByDn(directory, dn);
  if (entry?.kind === 'person') {
    return { kind: 'person', directory, person: entry, through: undefined };
  }
  if (entry?.kind === 'service') {
    const { readerHash: hash } = entry;
    return hash === null ? undefined : { kind: 'reader', directory, service: entry, hash };
  }
  return throughService(directory, dn);
}

/** The username in `uid=…,ou=people,BASE` and `uid=…,cn=…,ou=services,BASE`, whether there is one or not. */
function usernameIn(directory: Directory, dn: Dn): string | undefined {
  const [named] = dn[0] ?? [];
  if (named === undefined || dn[0]?.length !== 1) return undefined;
  const below = dn.length - directory.depth;
  const container = below === 2 ? 'ou=people' : below === 3 ? 'ou=services' : undefined;
  const isPersons = container !== undefined && rdnKey(dn[below - 1] ?? []) === container;
  return isPersons && canonicalAttribute(named.type) === 'uid' ? named.value : undefined;
}

/** A person by way of a service: only that service's app passwords are good there. */
function throughService(directory: Directory, dn: Dn): Principal | undefined {
  const { entry: service } = findByDn(directory, dn.slice(1));
  const [named] = dn[0] ?? [];
  if (service?.kind !== 'service' || named === undefined || dn[0]?.length !== 1) return undefined;
  if (canonicalAttribute(named.type) !== 'uid') return undefined;
  const { entry } = findByDn(directory, [dn[0], ...personBase(directory, dn)]);
  return entry?.kind === 'person'
    ? { kind: 'person', directory, person: entry, through: service }
    : undefined;
}

function personBase(directory: Directory, dn: Dn): Dn {
  return [[{ type: 'ou', value: 'people' }], ...dn.slice(dn.length - directory.depth)];
}
