import type { Path } from './faults.ts';
import type { CommunityEntry } from './schema.ts';

/** Where a file says how many POSIX numbers there are; its community, where it does not. */
export function placeOfPosix(path: Path, entry: CommunityEntry): Path {
  return [...path, ...(entry.ldap?.posix == null ? ['slug'] : ['ldap', 'posix', 'count'])];
}
