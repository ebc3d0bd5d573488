import type { ClientRow, ServiceRow } from '../../domain/services/service-rows.ts';

/** A service as the file has it; a reader and a secret stay as they are where the file says nothing of them. */
export function printedService(
  { reader: _, id: __, position: ___, accessGroups, access, client, ...service }: ServiceRow,
  names: ReadonlyMap<string, string>,
): object {
  const groups = accessGroups.map((id) => names.get(id) as string);
  return {
    ...service,
    access: access === 'groups' ? { groups } : access,
    client: client && printedClient(client),
  };
}

function printedClient({ sealedSecret: _, issuer: __, authOnly, ...client }: ClientRow): object {
  const { auth } = client;
  return { ...client, auth: authOnly && auth !== 'none' ? { only: auth } : auth };
}
