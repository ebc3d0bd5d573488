import type { ServiceChange } from '../../domain/services/service-change.ts';
import { nameKey } from '../../platform/text/names.ts';
import type { GroupIds } from './run.ts';
import type { ServiceEntry } from './schema.ts';

/** What the file wants of a service; services stand in the order of the file. */
export function toServiceChange(
  { access, ldap: _, ...entry }: ServiceEntry,
  position: number,
  reader: string | null | undefined,
  groups: GroupIds,
): ServiceChange {
  return {
    ...entry,
    position,
    reader,
    access:
      typeof access === 'object'
        ? { groups: access.groups.map((name) => groups.get(nameKey(name)) as string) }
        : access,
  };
}
