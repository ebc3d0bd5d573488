import { mayUse } from '../directory/access-rule.ts';
import type { Directories } from '../directory/directories.ts';
import type { Directory, Entry, Service } from '../directory/directory.ts';
import { findPerson, findService } from '../directory/directory.ts';
import type { NamingContexts } from '../directory/naming-contexts.ts';
import { viewOfAll, viewOfPerson, viewOfService } from '../directory/view.ts';
import type { Scene } from '../entries/entry-types.ts';
import { LdapError, RESULT } from '../protocol/result.ts';
import { mayUseOwnPassword } from './own-password.ts';
import { PagedSearches } from './paging.ts';

/** Who is bound to a connection, with what must still be true for them to go on (invariant 4). */
export type Identity =
  | { kind: 'anonymous' }
  | { kind: 'reader'; communityId: string; serviceId: string; hash: string }
  | {
      kind: 'person';
      communityId: string;
      subject: string;
      /** What they bound with: their own password as of then, or an app password. */
      by: { passwordChangedAt: number } | { appPasswordId: string; serviceId: string };
    }
  | { kind: 'operator'; name: string; hash: string };

/** What is kept with a connection from one bind to the next. */
export type Session = {
  readonly identity: Identity;
  /** A scene for each directory, good as long as who is bound is the same entry; none keeps its directory. */
  readonly scenes: WeakMap<Directory, Scene & { of: Service | Entry | undefined }>;
  readonly pages: PagedSearches;
};

/** What operations read from. */
export type Tree = { contexts: NamingContexts; directories: Directories };

export function openSession(identity: Identity = { kind: 'anonymous' }): Session {
  return { identity, scenes: new WeakMap(), pages: new PagedSearches() };
}

/**
 * A directory as the bound identity sees it now.
 * @throws LdapError `insufficientAccessRights` when nobody is bound, or what they bound with no longer holds
 */
export function sceneOf(session: Session, directory: Directory, tree: Tree): Scene {
  const { identity, scenes } = session;
  const before = scenes.get(directory);
  const of = holderOf(identity, directory, tree);
  if (before !== undefined && before.of === of) return before;
  const view =
    of === undefined
      ? viewOfAll(directory)
      : of.kind === 'person'
        ? viewOfPerson(directory, of)
        : viewOfService(directory, of);
  const scene = { directory, view, of };
  scenes.set(directory, scene);
  return scene;
}

/** The entry that is bound; undefined for an operators' reader, who has none. */
function holderOf(identity: Identity, directory: Directory, { contexts }: Tree) {
  switch (identity.kind) {
    case 'anonymous':
      throw new LdapError(RESULT.insufficientAccessRights, 'bind first: nothing here is public');
    case 'operator':
      if (contexts.operatorReaderHash(identity.name) !== identity.hash) throw over();
      if (directory.openToOperators) return undefined;
      throw new LdapError(
        RESULT.insufficientAccessRights,
        'this community is not open to operators (ldap.openToOperators)',
      );
    case 'reader': {
      const service = findService(directory, identity.serviceId);
      if (service === undefined || service.readerHash !== identity.hash) throw over();
      return service;
    }
    case 'person': {
      const person = findPerson(directory, identity.subject);
      if (person === undefined) throw over();
      const { by } = identity;
      if ('passwordChangedAt' in by) {
        if (
          !mayUseOwnPassword(directory, person) ||
          person.passwordChangedAt > by.passwordChangedAt ||
          (person.passwordChangedAt === 0 && by.passwordChangedAt !== 0)
        )
          throw over();
        return person;
      }
      const service = findService(directory, by.serviceId);
      const holds = person.appPasswordIds?.includes(by.appPasswordId) === true;
      if (!holds || service === undefined || !mayUse(service.rule, person)) throw over();
      return person;
    }
  }
}

/** What somebody bound with does not hold any more. */
export function over(): LdapError {
  return new LdapError(RESULT.insufficientAccessRights, 'this bind no longer holds: bind again');
}

/** Whether what somebody bound with is still good. */
export function identityHolds(identity: Identity, directory: Directory, tree: Tree): boolean {
  try {
    holderOf(identity, directory, tree);
    return true;
  } catch (error) {
    if (error instanceof LdapError) return false;
    throw error;
  }
}

export function seesEntry(entry: Entry, { view }: Scene): boolean {
  switch (entry.kind) {
    case 'person':
      return view.seesPerson(entry);
    case 'group':
      return view.seesGroup(entry);
    case 'service':
      return view.seesService(entry);
    default:
      return true;
  }
}
