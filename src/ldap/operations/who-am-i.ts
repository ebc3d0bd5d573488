import { findPerson, findService } from '../directory/directory.ts';
import { entryDn } from '../entries/entry-types.ts';
import { LdapError, RESULT } from '../protocol/result.ts';
import { identityHolds, type Session, type Tree } from './session.ts';

/**
 * The authorization identity (RFC 4532, RFC 4513 §5.2.1.8): `dn:…`, or empty for anonymous (row 27).
 * @throws LdapError when who is bound cannot be told now, or is no longer
 */
export async function whoAmI({ identity }: Session, tree: Tree): Promise<string> {
  if (identity.kind === 'anonymous') return '';
  if (identity.kind === 'operator') return `dn:cn=${identity.name},cn=operators`;
  const directory = await tree.directories.get(identity.communityId);
  const entry =
    identity.kind === 'reader'
      ? findService(directory, identity.serviceId)
      : findPerson(directory, identity.subject);
  if (entry === undefined || !identityHolds(identity, directory, tree)) {
    throw new LdapError(RESULT.insufficientAccessRights, 'this bind no longer holds: bind again');
  }
  return `dn:${entryDn(entry, directory)}`;
}
