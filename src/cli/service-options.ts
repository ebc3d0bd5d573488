import { type Command, Option } from 'commander';
import {
  CLAIMS_PLACES,
  CLIENT_AUTH_METHODS,
  CLIENT_KINDS,
  OPEN_ACCESS,
  TRUSTS,
} from '../domain/clients/service-choices.ts';
import type { ClientChange, ServiceChange } from '../domain/services/service-change.ts';
import type { ClientRow, ServiceRow } from '../domain/services/service-rows.ts';
import { SIGNING_ALGS } from '../domain/signing-keys/signing-algs.ts';
import { collect, isOn, orNull, positive, SWITCH, type Switch } from './option-values.ts';
import type { JsonOption } from './output.ts';

/** What `service add` and `service set` say of a service; `false` takes away (`--no-url`). */
export type ServiceOptions = JsonOption & {
  name?: string;
  description?: string | false;
  icon?: string | false;
  url?: string | false;
  recipe?: string;
  trust?: ServiceRow['trust'];
  sessionHours?: number | false;
  access?: (typeof OPEN_ACCESS)[number];
  /** Names of the groups of the access rule. */
  group?: string[];
  /** Counted from 1. */
  position?: number;
  client?: boolean;
  clientId?: string;
  kind?: ClientRow['kind'];
  lanHttp?: Switch;
  secretStdin?: boolean;
  redirectUri?: string[];
  postLogoutRedirectUri?: string[];
  backchannelLogoutUri?: string | false;
  backchannelLogoutToInitiator?: Switch;
  initiateLoginUri?: string | false;
  grant?: string[];
  auth?: ClientRow['auth'];
  authOnly?: Switch;
  idTokenAlg?: ClientRow['idTokenAlg'];
  scope?: string[];
  claimsIn?: ClientRow['claimsIn'];
  pkce?: Switch;
  reader?: boolean;
};

/** Options of what a service is; those that take something away are for one that is there. */
export function withServiceOptions(command: Command, { isNew }: { isNew: boolean }): Command {
  const list = (flags: string, text: string) =>
    command.option(flags, `${text}; may be repeated, and is the whole list`, collect);
  const choice = (flags: string, text: string, values: readonly string[]) =>
    command.addOption(new Option(flags, text).choices(values));
  const clearable = (flags: string, text: string) => {
    command.option(flags, text);
    const [name] = flags.split(' ');
    if (!isNew) command.option(`--no-${name?.slice(2)}`, 'take it away');
  };
  command.option('--name <name>', isNew ? 'its name (default: the slug)' : 'its name');
  clearable('--description <text>', 'what members read of it');
  clearable(
    '--icon <icon>',
    'a built-in name, one or two letters or signs, or an https:// address',
  );
  clearable('--url <address>', 'where members open it');
  command.option('--recipe <recipe>', 'what the catalogue knows it as');
  choice('--trust <trust>', 'whether members are shown or asked what is shared', TRUSTS);
  choice('--access <rule>', 'who may use it', OPEN_ACCESS);
  command.option('--session-hours <number>', "how long the app's own session lasts", positive);
  if (!isNew) command.option('--no-session-hours', 'nobody knows how long it lasts');
  list('--group <group>', 'only those in this group may use it');
  command.option('--position <number>', 'its place among the services, from 1 on', positive);
  command.option('--client-id <id>', 'of its OpenID Connect client (default: the slug)');
  if (!isNew) command.option('--no-client', 'take its OpenID Connect client away');
  choice('--kind <kind>', 'what the client is', CLIENT_KINDS);
  choice('--lan-http <switch>', 'plain http in private networks, for a native client', SWITCH);
  command.option('--secret-stdin', "read the client's secret from standard input");
  list('--redirect-uri <address>', 'where the app is called back');
  list('--post-logout-redirect-uri <address>', 'where a sign-out may lead');
  clearable('--backchannel-logout-uri <address>', 'where the app is told of sign-outs');
  choice(
    '--backchannel-logout-to-initiator <switch>',
    'whether it is also told of those that it asked for',
    SWITCH,
  );
  clearable('--initiate-login-uri <address>', 'where the app begins a sign-in');
  list('--grant <grant>', 'such as authorization_code');
  choice(
    '--auth <method>',
    'how the client proves itself; none: it cannot keep a secret',
    CLIENT_AUTH_METHODS,
  );
  choice('--auth-only <switch>', 'whether that is the only way it may', SWITCH);
  choice('--id-token-alg <alg>', 'what ID tokens are signed with', SIGNING_ALGS);
  list('--scope <scope>', 'what it may ask for');
  choice('--claims-in <place>', 'where claims stand', CLAIMS_PLACES);
  choice('--pkce <switch>', 'whether PKCE is demanded', SWITCH);
  if (isNew) command.option('--reader', 'give it an LDAP reader, too; its secret is shown once');
  return command.option('--json', 'print JSON');
}

/** @param groups ids of the groups that `--group` names */
export function toServiceChange(
  slug: string,
  options: ServiceOptions,
  groups: readonly string[],
): ServiceChange {
  const { name, description, icon, url, recipe, trust, access, position } = options;
  return {
    slug,
    name,
    description: orNull(description),
    icon: orNull(icon),
    url: orNull(url),
    recipe,
    trust,
    sessionHours: options.sessionHours === false ? null : options.sessionHours,
    access: groups.length > 0 ? { groups } : access,
    position: position === undefined ? undefined : position - 1,
    client: options.client === false ? null : clientChange(options),
  };
}

/** Undefined when the options say nothing of a client. */
function clientChange(options: ServiceOptions): ClientChange | undefined {
  const { clientId, kind, auth, idTokenAlg, claimsIn } = options;
  const change: ClientChange = {
    id: clientId,
    kind,
    lanHttp: isOn(options.lanHttp),
    redirectUris: options.redirectUri,
    postLogoutRedirectUris: options.postLogoutRedirectUri,
    backchannelLogoutUri: orNull(options.backchannelLogoutUri),
    backchannelLogoutToInitiator: isOn(options.backchannelLogoutToInitiator),
    initiateLoginUri: orNull(options.initiateLoginUri),
    grants: options.grant,
    auth,
    authOnly: isOn(options.authOnly),
    idTokenAlg,
    scopes: options.scope,
    claimsIn,
    pkce: isOn(options.pkce),
  };
  const isSaid = options.secretStdin || Object.values(change).some((value) => value !== undefined);
  return isSaid ? change : undefined;
}
