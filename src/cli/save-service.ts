import type { ListedCommunity } from '../domain/communities/list-communities.ts';
import type { SavedService, ServiceChange } from '../domain/services/service-change.ts';
import type { Queryable } from '../platform/database/database.ts';
import { CommandError } from './command-error.ts';
import type { Outcome } from './output.ts';
import { type ServiceOptions, toServiceChange } from './service-options.ts';
import { withHub } from './with-hub.ts';
import { withService } from './with-service.ts';

/** Registers an app; what it needs to be told is printed, secrets once. */
export function addService(slug: string, name: string, options: ServiceOptions): Promise<Outcome> {
  return withHub(async ({ database, sealer, config }) => {
    const { requireCommunity } = await import('./resolve.ts');
    const { saveServices } = await import('../domain/services/save-services.ts');
    const { pathIssuers } = await import('../domain/services/issuer-warning.ts');
    const community = await requireCommunity(database, slug);
    const change = await settleChange(database, community, name, options);
    const secret = await giveSecret(change, undefined, options);
    const reader = options.reader ? await makeReader(change) : undefined;
    const place = {
      communityId: community.id,
      sealer: await sealer(),
      hubUrl: config.url.origin,
    };
    const saved = await database.transaction((tx) =>
      saveServices(tx, place, [{ ...change, must: 'be-new' }], 'cli'),
    );
    const { client } = (saved.services[0] as SavedService).after;
    const warning = pathIssuers(saved.services, config.url.origin);
    const dn = `cn=${name},ou=services,${community.ldapBase}`;
    const text = [
      `Added ${name} to ${slug}.`,
      client && `Client ${client.id}, issuer ${client.issuer}.`,
      warning && `Mind the issuer: ${warning.reason}.`,
      secret && `Secret, shown only now: ${secret}`,
      reader && `LDAP reader ${dn}, secret shown only now: ${reader}`,
    ];
    const value = {
      service: name,
      created: true,
      ...(client && { clientId: client.id, issuer: client.issuer }),
      ...(warning && { warning: { code: warning.code, reason: warning.reason } }),
      ...(secret && { secret }),
      ...(reader && { reader: { dn, secret: reader } }),
    };
    return { text: text.filter(Boolean).join('\n'), value };
  });
}

/** Changes what is said of a service. */
export function setService(slug: string, name: string, options: ServiceOptions): Promise<Outcome> {
  return withService(slug, name, async ({ database, sealer, config, community, service }) => {
    const { pathIssuers } = await import('../domain/services/issuer-warning.ts');
    const { saveServices } = await import('../domain/services/save-services.ts');
    const change = await settleChange(database, community, name, options);
    const secret = await giveSecret(change, service.client?.sealedSecret, options);
    const place = {
      communityId: community.id,
      sealer: await sealer(),
      hubUrl: config.url.origin,
    };
    const saved = await database.transaction((tx) =>
      saveServices(tx, place, [{ ...change, must: 'exist' }], 'cli'),
    );
    const fields = saved.services.flatMap((one) => one.fields);
    const warning = pathIssuers(saved.services, config.url.origin);
    if (saved.reordered) fields.push('position');
    const text = [
      fields.length > 0
        ? `Changed ${name}: ${fields.join(', ')}.`
        : `${name} was so already; nothing was changed.`,
      warning && `Mind the issuer: ${warning.reason}.`,
      secret && `Secret, shown only now: ${secret}`,
    ];
    const value = {
      service: name,
      changed: fields,
      ...(warning && { warning: { code: warning.code, reason: warning.reason } }),
      ...(secret && { secret }),
    };
    return { text: text.filter(Boolean).join('\n'), value };
  });
}

export function removeService(slug: string, name: string): Promise<Outcome> {
  return withService(slug, name, async ({ database, community, service }) => {
    const { removeServices } = await import('../domain/services/remove-services.ts');
    await database.transaction((tx) => removeServices(tx, community.id, [service.id], 'cli'));
    const text = `Removed ${name} from ${slug}; all that its app held has ended.`;
    return { text, value: { service: name, removed: true } };
  });
}

async function settleChange(
  db: Queryable,
  community: ListedCommunity,
  name: string,
  options: ServiceOptions,
): Promise<ServiceChange> {
  const { requireGroup } = await import('./resolve.ts');
  if (options.access !== undefined && options.group !== undefined)
    throw new CommandError('--access and --group say who may use it: give one of the two');
  const groups = [];
  for (const group of options.group ?? [])
    groups.push((await requireGroup(db, community, group)).id);
  return toServiceChange(name, options, groups);
}

/**
 * Gives a client its secret, where it needs one: from standard input, else a new one.
 * @param stored the sealed one that it has; undefined without a client
 * @returns the new one, to be shown once
 */
async function giveSecret(
  { slug, client }: ServiceChange,
  stored: Buffer | null | undefined,
  { secretStdin }: ServiceOptions,
): Promise<string | undefined> {
  if (client == null) return undefined;
  if (stored === undefined) client.id ??= slug;
  if (secretStdin) {
    const { readStdin } = await import('./ask-password.ts');
    client.secret = await readStdin();
    return undefined;
  }
  // A public client stays one until it is said to be another.
  const stays = stored === null && client.auth === undefined;
  const isPublic = client.auth === 'none' || client.kind === 'spa' || stays;
  if (isPublic || stored instanceof Buffer) return undefined;
  const { generateClientSecret } = await import('../domain/services/rotate-client-secret.ts');
  client.secret = generateClientSecret();
  return client.secret;
}

async function makeReader(change: ServiceChange): Promise<string> {
  const { generateReaderSecret } = await import('../domain/services/reader.ts');
  const { hashPassword } = await import('../domain/people/password.ts');
  const secret = generateReaderSecret();
  change.reader = await hashPassword(secret);
  return secret;
}
