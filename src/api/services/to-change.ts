import type { z } from 'zod';
import { generateClientSecret } from '../../domain/services/rotate-client-secret.ts';
import type { ClientChange, ServiceChange } from '../../domain/services/service-change.ts';
import type { Queryable } from '../../platform/database/database.ts';
import { idsOfNamed } from '../groups/group-names.ts';
import type { servicePatch } from './schema.ts';

type Body = z.output<typeof servicePatch>;

/** What a body wants of a service. @throws ProblemError 422 with groups that are not there */
export async function toServiceChange(
  db: Queryable,
  communityId: string,
  slug: string,
  { access, client, ...values }: Body,
): Promise<ServiceChange> {
  const groups =
    typeof access === 'object' &&
    (await idsOfNamed(db, communityId, access.groups, ['access', 'groups']));
  return {
    ...values,
    slug,
    access: typeof access === 'object' ? { groups: groups || [] } : access,
    client: client && toClientChange(client),
  };
}

function toClientChange({ auth, ...client }: NonNullable<Body['client']>): ClientChange {
  if (typeof auth !== 'object') return { ...client, auth };
  return { ...client, auth: auth.only, authOnly: true };
}

/** A secret for a client that is new, has to have one, and was given none. */
export function missingSecret(client: ClientChange | null | undefined): string | undefined {
  if (client == null || client.secret !== undefined) return undefined;
  if (client.auth === 'none' || client.kind === 'spa') return undefined;
  return generateClientSecret();
}
