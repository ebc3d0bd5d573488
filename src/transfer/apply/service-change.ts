import type { ClientChange, ServiceChange } from '../../domain/services/service-change.ts';
import { nameKey } from '../../platform/text/names.ts';
import type { GroupIds } from './run.ts';
import type { ClientEntry, ServiceEntry } from './schema.ts';

/** What the file wants of a service; services stand in the order of the file. */
export function toServiceChange(
  { access, client, ldap: _, ...entry }: ServiceEntry,
  position: number,
  reader: string | null | undefined,
  groups: GroupIds,
): ServiceChange {
  return {
    ...entry,
    client: client && toClientChange(client),
    position,
    reader,
    access:
      typeof access === 'object'
        ? { groups: access.groups.map((name) => groups.get(nameKey(name)) as string) }
        : access,
  };
}

function toClientChange({ auth, ...entry }: ClientEntry): ClientChange {
  if (typeof auth !== 'object') return { ...entry, auth };
  return { ...entry, auth: auth.only, authOnly: true };
}
