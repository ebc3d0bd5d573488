import fc from 'fast-check';
import {
  type CommunityChange,
  saveCommunities,
} from '../../src/domain/communities/save-communities.ts';
import {
  type StateChange,
  setCommunityState,
} from '../../src/domain/communities/set-community-state.ts';
import { findGroupByName } from '../../src/domain/groups/group-store.ts';
import { saveOperatorReaders } from '../../src/domain/operators/save-operator-readers.ts';
import { savePosixSettings } from '../../src/domain/posix/save-posix-settings.ts';
import { removeReader, setReaderSecret } from '../../src/domain/services/reader.ts';
import { removeServices } from '../../src/domain/services/remove-services.ts';
import { saveServices } from '../../src/domain/services/save-services.ts';
import type { ClientChange, ServiceChange } from '../../src/domain/services/service-change.ts';
import { findServiceBySlug } from '../../src/domain/services/service-store.ts';
import type { Transaction } from '../../src/platform/database/database.ts';
import type { Sealer } from '../../src/platform/secrets/sealer.ts';

type ServiceInFile = Record<string, unknown> & {
  slug: string;
  client?: Record<string, unknown> | null;
  ldap?: { password: string } | null;
};
type CommunityInFile = Record<string, unknown> & { slug: string; services: ServiceInFile[] };

/** A declarative file, as its writer has it open. */
export type File = {
  version: 1;
  operatorReaders: { name: string; password: string }[];
  communities: CommunityInFile[];
};

/** One change, as a command makes it and as somebody writes it into the file. */
export type Step = {
  name: string;
  command(tx: Transaction, hub: Hub): Promise<unknown>;
  /** @returns false where the file cannot say it, since what it is about is not there */
  write(file: File): boolean;
};

export type Hub = {
  sealer: Sealer;
  hubUrl: string;
  /** Of readers' passwords. */
  hashes: Record<string, string>;
  community(slug: string): Promise<string>;
  service(slug: string, name: string): Promise<string>;
};

export type ServicePatch = Omit<
  ServiceChange,
  'slug' | 'must' | 'access' | 'position' | 'reader'
> & {
  access?: 'everyone' | 'approval' | { groups: string[] } | undefined;
};

const MADE = 'a secret that the command makes';

function step(name: string, command: Step['command'], write: Step['write']): Step {
  // What is told of a series that fails.
  return Object.assign({ name, command, write }, { [fc.toStringMethod]: () => name });
}

function communityIn(file: File, slug: string): CommunityInFile {
  return file.communities.find((community) => community.slug === slug) as CommunityInFile;
}

function serviceIn(file: File, slug: string, name: string): ServiceInFile | undefined {
  return communityIn(file, slug).services.find((service) => service.slug === name);
}

/** `service add` and `service set`. */
export function saveService([slug, name, patch]: [string, string, ServicePatch]): Step {
  return step(
    `service ${slug}/${name} ${JSON.stringify(patch)}`,
    async (tx, { sealer, hubUrl, ...hub }) => {
      const communityId = await hub.community(slug);
      const before = await findServiceBySlug(tx, communityId, name);
      const { client, access } = patch;
      const change: ServiceChange = {
        ...patch,
        slug: name,
        must: before === undefined ? 'be-new' : 'exist',
        access: typeof access === 'object' ? await groupsOf(tx, communityId, access) : access,
        client: client && withSecret(name, client, before?.client?.sealedSecret),
      };
      await saveServices(tx, { communityId, sealer, hubUrl }, [change], 'cli');
    },
    (file) => {
      const { services } = communityIn(file, slug);
      const index = services.findIndex((service) => service.slug === name);
      const after = writeService(name, services[index], patch);
      services.splice(index < 0 ? services.length : index, 1, after);
      return true;
    },
  );
}

async function groupsOf(tx: Transaction, communityId: string, { groups }: { groups: string[] }) {
  const ids = groups.map((name) => findGroupByName(tx, communityId, name));
  return { groups: (await Promise.all(ids)).map((group) => group?.id as string) };
}

/** As the command does it, which shows the secret once. */
function withSecret(
  slug: string,
  client: ClientChange,
  stored: Buffer | null | undefined,
): ClientChange {
  const given = stored === undefined ? { id: slug, ...client } : { ...client };
  const stays = stored === null && given.auth === undefined;
  const isPublic = given.auth === 'none' || given.kind === 'spa' || stays;
  if (!isPublic && !stored) given.secret ??= MADE;
  return given;
}

function writeService(
  slug: string,
  before: ServiceInFile | undefined,
  patch: ServicePatch,
): ServiceInFile {
  const { client } = patch;
  const after = { recipe: 'generic-oidc', ...before, ...patch, slug } as ServiceInFile;
  if (client == null) return after;
  const own: Record<string, unknown> = { id: slug, ...before?.client, ...client };
  // Whoever writes that a client has no secret takes out what says otherwise, and the other way round.
  const isPublic = client.auth === 'none' || (client.kind === 'spa' && client.auth === undefined);
  if (isPublic) {
    if (client.secret === undefined) delete own.secret;
    if (client.pkce === undefined) delete own.pkce;
    own.auth = 'none';
  } else if (own.auth === 'none' && client.secret !== undefined) delete own.auth;
  if (own.kind === 'spa' && client.kind === undefined && client.secret !== undefined)
    delete own.kind;
  if (client.kind !== undefined && client.kind !== 'native' && client.lanHttp === undefined)
    delete own.lanHttp;
  if (own.auth !== 'none') own.secret ??= MADE;
  return { ...after, client: own };
}

/** `service remove`. */
export function removeService([slug, name]: [string, string]): Step {
  return step(
    `remove ${slug}/${name}`,
    async (tx, hub) =>
      removeServices(tx, await hub.community(slug), [await hub.service(slug, name)], 'cli'),
    (file) => {
      const community = communityIn(file, slug);
      const before = community.services;
      community.services = before.filter((service) => service.slug !== name);
      return community.services.length < before.length;
    },
  );
}

/** `service set --position`. */
export function placeService([slug, name, position]: [string, string, number]): Step {
  return step(
    `place ${slug}/${name} at ${position}`,
    async (tx, { sealer, hubUrl, ...hub }) => {
      const place = { communityId: await hub.community(slug), sealer, hubUrl };
      await saveServices(tx, place, [{ slug: name, position, must: 'exist' }], 'cli');
    },
    (file) => {
      const { services } = communityIn(file, slug);
      const service = serviceIn(file, slug, name);
      if (service === undefined) return false;
      services.splice(services.indexOf(service), 1);
      services.splice(position, 0, service);
      return true;
    },
  );
}

/** `service reader`; null is `--remove`. */
export function setReader([slug, name, password]: [string, string, string | null]): Step {
  return step(
    `reader of ${slug}/${name}: ${password}`,
    async (tx, hub) => {
      const place = [tx, await hub.community(slug), await hub.service(slug, name)] as const;
      if (password === null) await removeReader(...place, 'cli');
      else await setReaderSecret(...place, hub.hashes[password] as string, 'cli');
    },
    (file) => {
      const service = serviceIn(file, slug, name);
      if (service === undefined) return false;
      service.ldap = password === null ? null : { password };
      return true;
    },
  );
}

const PLACES: Record<string, [string, string]> = {
  accent: ['branding', 'accent'],
  ldapBase: ['ldap', 'base'],
  ldapPasswordBind: ['ldap', 'passwordBind'],
  secondFactor: ['policies', 'secondFactor'],
  secondFactorFrom: ['policies', 'secondFactorFrom'],
};

/** `community set` and `community hosts`. */
export function changeSettings([slug, patch]: [string, Omit<CommunityChange, 'slug'>]): Step {
  return step(
    `set ${slug} ${JSON.stringify(patch)}`,
    (tx, { hubUrl }) => saveCommunities(tx, [{ ...patch, slug, must: 'exist' }], 'cli', hubUrl),
    (file) => {
      const community = communityIn(file, slug);
      for (const [key, value] of Object.entries(patch)) {
        const [part, inner] = PLACES[key] ?? [key];
        community[part] = inner ? { ...(community[part] as object), [inner]: value } : value;
      }
      return true;
    },
  );
}

const STATES = { freeze: 'frozen', activate: 'active', archive: 'archived' } as const;

/** `community freeze`, `activate` and `archive`. */
export function changeState([slug, change]: [string, StateChange]): Step {
  return step(
    `${change} ${slug}`,
    async (tx, hub) => setCommunityState(tx, await hub.community(slug), change, 'cli'),
    (file) => {
      communityIn(file, slug).state = STATES[change];
      return true;
    },
  );
}

type Range = { firstNumber: number; count: number };

/** `community posix`; null is `--off`. */
export function setPosix([slug, range, primaryGroup]: [string, Range | null, string]): Step {
  return step(
    `posix of ${slug}: ${JSON.stringify(range)} ${primaryGroup}`,
    async (tx, hub) => {
      const communityId = await hub.community(slug);
      const group = await findGroupByName(tx, communityId, primaryGroup);
      const change = range && { ...range, primaryGroupId: group?.id as string };
      await savePosixSettings(tx, communityId, change, 'cli');
    },
    (file) => {
      const community = communityIn(file, slug);
      const posix = range && { ...range, primaryGroup };
      community.ldap = { ...(community.ldap as object), posix };
      return true;
    },
  );
}

/** `operator-reader set` and `remove`. */
export function setOperatorReader([name, password]: [string, string | null]): Step {
  return step(
    `operator reader ${name}: ${password}`,
    (tx, { hashes }) => {
      const hash = password && (hashes[password] as string);
      return saveOperatorReaders(tx, [{ name, hash }], 'cli');
    },
    (file) => {
      const others = file.operatorReaders.filter((other) => other.name !== name);
      const isThere = others.length < file.operatorReaders.length;
      file.operatorReaders = password === null ? others : [...others, { name, password }];
      return password !== null || isThere;
    },
  );
}
