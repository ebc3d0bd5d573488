import { findPerson, findService } from '../directory/directory.ts';
import { entryDn } from '../entries/entry-types.ts';
import { activeDirectory } from './directory-for.ts';
import { identityHolds, over, type Session, type Tree } from './session.ts';

/**
 * The authorization identity (RFC 4532, RFC 4513 §5.2.1.8): `dn:…`, or empty for anonymous (row 27).
 * @throws LdapError when who is bound cannot be told now, or is no longer
 */
export async function whoAmI({ identity }: Session, tree: Tree): Promise<string> {
  if (identity.kind === 'anonymous') return '';
  if (identity.kind === 'operator') {
    if (tree.contexts.operatorReaderHash(identity.name) !== identity.hash) throw over();
    return `dn:cn=${identity.name},cn=operators`;
  }
  const directory = await activeDirectory(identity.communityId, tree);
  const entry =
    identity.kind === 'reader'
      ? findService(directory, identity.serviceId)
      : findPerson(directory, identity.subject);
  if (entry === undefined || !identityHolds(identity, directory, tree)) {
    throw over();
  }
  return `dn:${entryDn(entry, directory)}`;
}
