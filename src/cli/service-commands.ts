import type { Command } from 'commander';
import type { Service } from '../domain/communities/community.ts';
import { communityUrl } from './community-url.ts';
import { fields, type JsonOption, type Outcome, report, table } from './output.ts';
import { addService, removeService, setService } from './save-service.ts';
import { type ServiceOptions, withServiceOptions } from './service-options.ts';
import { changeReader, type ReaderOptions } from './service-reader.ts';
import { withHub } from './with-hub.ts';
import { withService } from './with-service.ts';

export function addServiceCommands(program: Command): void {
  const service = program
    .command('service')
    .description('Register services, change them, answer requests for access');
  service
    .command('list')
    .argument('<community>', 'its slug')
    .description('Services of a community')
    .option('--json', 'print JSON')
    .action((slug: string, options: JsonOption) => report(options, () => list(slug)));
  onService(service, 'show', 'One service, with its OpenID Connect client').action(
    (slug: string, name: string, options: JsonOption) => report(options, () => show(slug, name)),
  );
  addChanges(service);
  service
    .command('requests')
    .argument('<community>', 'its slug')
    .argument('[service]', 'only those for this service')
    .description('Who waits to be let in')
    .option('--json', 'print JSON')
    .action((slug: string, name: string | undefined, options: JsonOption) =>
      report(options, () => requests(slug, name)),
    );
  addDecision(service, 'approve', 'Let a member in, whether they asked or not');
  addDecision(service, 'block', 'Keep a member out: what they have there ends at once');
  onService(service, 'rotate-secret', 'Give the client a new secret, which is shown once').action(
    (slug: string, name: string, options: JsonOption) =>
      report(options, () => rotateSecret(slug, name)),
  );
  onService(service, 'reader', 'Give the LDAP reader a new secret, which is shown once')
    .option('--remove', 'take the reader away: the app can no longer bind')
    .action((slug: string, name: string, options: ReaderOptions) =>
      report(options, () => changeReader(slug, name, options)),
    );
}

function addChanges(parent: Command): void {
  const subject = (verb: string, description: string) =>
    parent
      .command(verb)
      .argument('<community>', 'its slug')
      .argument('<service>', 'its slug')
      .description(description);
  withServiceOptions(subject('add', 'Register an app'), { isNew: true }).action(
    (slug: string, name: string, options: ServiceOptions) =>
      report(options, () => addService(slug, name, options)),
  );
  withServiceOptions(subject('set', 'Change what is said; all else stays'), {
    isNew: false,
  }).action((slug: string, name: string, options: ServiceOptions) =>
    report(options, () => setService(slug, name, options)),
  );
  onService(parent, 'remove', 'Take an app away: all that it holds ends at once').action(
    (slug: string, name: string, options: JsonOption) =>
      report(options, () => removeService(slug, name)),
  );
}

function addDecision(parent: Command, verb: 'approve' | 'block', description: string): void {
  onService(parent, verb, description)
    .argument('<member>', 'a username, an e-mail address or a subject')
    .action((slug: string, name: string, member: string, options: JsonOption) =>
      report(options, () => decide(slug, name, member, verb)),
    );
}

function onService(parent: Command, verb: string, description: string): Command {
  return parent
    .command(verb)
    .argument('<community>', 'its slug')
    .argument('<service>', 'its slug')
    .description(description)
    .option('--json', 'print JSON');
}

function list(slug: string): Promise<Outcome> {
  return withHub(async ({ database }) => {
    const { requireCommunity } = await import('./resolve.ts');
    const { listServices } = await import('../domain/services/service-store.ts');
    const { id } = await requireCommunity(database, slug);
    const services = await listServices(database, id);
    const rows = services.map((service) => [
      service.slug,
      service.name,
      service.access,
      service.client?.clientId ?? '-',
      service.url ?? '-',
    ]);
    const text =
      rows.length === 0
        ? `${slug} has no services.`
        : table(['SLUG', 'NAME', 'ACCESS', 'CLIENT', 'ADDRESS'], rows);
    return { text, value: services.map(withoutSecret) };
  });
}

function show(slug: string, name: string): Promise<Outcome> {
  return withService(slug, name, async ({ database, community, service }) => {
    const { listGroups } = await import('../domain/groups/group-store.ts');
    const groups = (await listGroups(database, community.id))
      .filter(({ id }) => service.accessGroupIds.includes(id))
      .map((group) => group.name);
    const { client } = service;
    const text = fields({
      slug: service.slug,
      name: service.name,
      description: service.description,
      recipe: service.recipe,
      address: service.url,
      trust: service.trust,
      access: groups.length > 0 ? `${service.access}: ${groups.join(', ')}` : service.access,
      issuer: client?.issuer,
      client: client?.clientId,
      kind: client?.kind,
      authentication:
        client && `${client.tokenEndpointAuthMethod}${client.authOnly ? ' only' : ''}`,
      'redirect URIs': client?.redirectUris.join(' '),
      'back-channel logout': client?.backchannelLogoutUri,
      grants: client?.grantTypes.join(' '),
      scopes: client?.scopes.join(' '),
    });
    return { text, value: { ...withoutSecret(service), accessGroups: groups } };
  });
}

function requests(slug: string, name: string | undefined): Promise<Outcome> {
  return withHub(async ({ database }) => {
    const { requireCommunity, requireService } = await import('./resolve.ts');
    const { listAccessRequests } = await import('../domain/services/service-store.ts');
    const community = await requireCommunity(database, slug);
    const service =
      name === undefined ? undefined : await requireService(database, community, name);
    const waiting = await listAccessRequests(database, community.id, service?.id);
    const rows = waiting.map((request) => [
      request.service,
      request.username,
      request.displayName,
      request.requestedAt.toISOString().slice(0, 10),
    ]);
    const text =
      rows.length === 0
        ? 'Nobody waits to be let in.'
        : table(['SERVICE', 'USERNAME', 'NAME', 'SINCE'], rows);
    return { text, value: waiting };
  });
}

function decide(
  slug: string,
  name: string,
  memberName: string,
  verb: 'approve' | 'block',
): Promise<Outcome> {
  return withService(slug, name, async ({ config, database, community, service }) => {
    const { requireMember } = await import('./resolve.ts');
    const { approveAccess, blockAccess } = await import('../domain/services/decide-access.ts');
    const { subject, username } = await requireMember(database, community, memberName);
    const place = {
      serviceId: service.id,
      subject,
      issuerUrl: communityUrl(config, community),
    };
    const change = verb === 'approve' ? approveAccess : blockAccess;
    const changed = await database.transaction((tx) => change(tx, community.id, place, 'cli'));
    const state = verb === 'approve' ? 'let in to' : 'kept out of';
    const text = changed
      ? `${username} is ${state} ${name} now.`
      : `${username} was ${state} ${name} already; nothing was changed.`;
    return { text, value: { service: name, subject, username, changed } };
  });
}

function rotateSecret(slug: string, name: string): Promise<Outcome> {
  return withService(slug, name, async ({ database, sealer, community, service }) => {
    const { rotateClientSecret } = await import('../domain/services/rotate-client-secret.ts');
    const opened = await sealer();
    const secret = await database.transaction((tx) =>
      rotateClientSecret(tx, opened, community.id, service.id, 'cli'),
    );
    const clientId = service.client?.clientId;
    return {
      text: `${clientId} has a new secret; the old one works no more.\nSecret, shown only now: ${secret}`,
      value: { service: name, clientId, secret },
    };
  });
}

function withoutSecret({ client, ...service }: Service) {
  if (client === null) return { ...service, client };
  const { sealedSecret, ...shown } = client;
  return { ...service, client: { ...shown, hasSecret: sealedSecret !== null } };
}
