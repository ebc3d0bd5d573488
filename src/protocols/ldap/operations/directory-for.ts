import { type Dn, parseDn } from '../../../platform/distinguished-names/dn.ts';
import type { Directory } from '../directory/directory.ts';
import { LdapError, RESULT } from '../protocol/result.ts';
import type { Session, Tree } from './session.ts';

/** @throws LdapError `invalidDnSyntax` */
export function readDn(text: string): Dn {
  const dn = parseDn(text);
  if (dn === undefined)
    throw new LdapError(RESULT.invalidDnSyntax, `"${text.slice(0, 200)}" is not a DN`);
  return dn;
}

/**
 * The directory that a name is in, for whoever is bound.
 * @throws LdapError `noSuchObject` for a name of no community, or of another one than the bound one's;
 *   `insufficientAccessRights` for anonymous; `unavailable` for a community that is frozen or moved, and
 *   when the database is away: never an empty answer (row 16)
 */
export function directoryFor(dn: Dn, session: Session, tree: Tree): Directory | Promise<Directory> {
  const { follower } = tree.contexts;
  if (follower.isCurrent()) return currentDirectoryFor(dn, session, tree);
  return follower.becomeCurrent().then(() => currentDirectoryFor(dn, session, tree));
}

function currentDirectoryFor(dn: Dn, { identity }: Session, tree: Tree) {
  const context = tree.contexts.containing(dn);
  if (context === undefined) {
    throw new LdapError(
      RESULT.noSuchObject,
      dn.length === 0
        ? 'give the base DN of a community (see namingContexts of the root DSE)'
        : 'no community has this base DN',
    );
  }
  if (identity.kind === 'anonymous') {
    throw new LdapError(RESULT.insufficientAccessRights, 'bind first: nothing here is public');
  }
  if (identity.kind !== 'operator' && identity.communityId !== context.communityId) {
    throw new LdapError(RESULT.noSuchObject, 'no community has this base DN');
  }
  if (!context.isActive) throw notActive();
  return tree.directories.get(context.communityId);
}

/** A community's directory; @throws LdapError `unavailable` unless the community is active */
export async function activeDirectory(communityId: string, tree: Tree): Promise<Directory> {
  const { contexts, directories } = tree;
  if (!contexts.follower.isCurrent()) await contexts.follower.becomeCurrent();
  if (contexts.of(communityId)?.isActive !== true) throw notActive();
  return directories.get(communityId);
}

/** A community that is being moved, or is gone: apps must not take silence for an empty directory. */
export function notActive(): LdapError {
  return new LdapError(RESULT.unavailable, 'this community is frozen, moved or archived');
}
