import { afterAll, beforeAll } from 'vitest';
import type { CommunityChange } from '../../src/domain/communities/save-communities.ts';
import type { NewMember } from '../../src/domain/memberships/member-change.ts';
import type { ClientChange, ServiceChange } from '../../src/domain/services/service-change.ts';
import {
  type BuiltCommunity,
  type BuiltMember,
  type BuiltService,
  buildCommunity,
  buildMember,
  buildService,
} from './factories.ts';
import { type HubHashing, startHub, type TestHub } from './hub.ts';
import { RelyingParty } from './relying-party.ts';

/** What a file's tests begin with: `{}` asks for one of the factories' usual values. */
export type HubWishes = {
  env?: Record<string, string>;
  /** Hears what the hub logs from `env.LOG_LEVEL` on. */
  log?: (line: string) => void;
  hashesAnew?: HubHashing['hashesAnew'];
  community?: Partial<CommunityChange>;
  /** A second community of the same hub. */
  neighbour?: Partial<CommunityChange>;
  member?: Partial<NewMember>;
  service?: Partial<ServiceChange>;
  client?: ClientChange;
};

type Place = {
  readonly community: BuiltCommunity;
  /** The community's address at the hub: what its apps know it by, unless it has hosts. */
  readonly issuer: string;
  /** More of the same community. */
  newMember(values?: Partial<NewMember>): Promise<BuiltMember>;
  newService(values?: Partial<ServiceChange>, client?: ClientChange): Promise<BuiltService>;
  newClient(client?: ClientChange, service?: Partial<ServiceChange>): Promise<RelyingParty>;
};
type Neighbour = { readonly neighbour: BuiltCommunity };
type Member = { readonly member: BuiltMember };
/** `client` is the app of `service`, as its protocol sees it. */
type Service = { readonly service: BuiltService; readonly client: RelyingParty };

type IfAsked<Wishes, Key, Gets> = [keyof Wishes & Key] extends [never] ? unknown : Gets;

type UsedHub<Wishes> = Readonly<TestHub> &
  IfAsked<Wishes, 'community' | 'member' | 'service' | 'client', Place> &
  IfAsked<Wishes, 'neighbour', Neighbour> &
  IfAsked<Wishes, 'member', Member> &
  IfAsked<Wishes, 'service' | 'client', Service>;

/**
 * A hub for the tests of this file (or of the `describe` it is called in): it starts before the first of them, with
 * what is asked for in it, and stops after the last. A member, a service and a client are of its community, which
 * there is as soon as one of the four is asked for.
 * @returns the hub; reading from it before it has started throws
 */
export function useHub<Wishes extends HubWishes = Record<never, never>>(
  wishes: Wishes & HubWishes = {} as Wishes,
): UsedHub<Wishes> {
  let hub: TestHub | undefined;
  let made: UsedHub<Wishes> | undefined;
  beforeAll(async () => {
    const { env, log, hashesAnew } = wishes;
    hub = await startHub(env, log && { write: log }, { hashesAnew });
    made = { ...hub, ...(await furnish(hub, wishes)) } as UsedHub<Wishes>;
  });
  afterAll(() => hub?.stop());
  return onceThere(() => made);
}

async function furnish(hub: TestHub, wishes: HubWishes): Promise<object> {
  const { community, neighbour, member, service, client } = wishes;
  const place =
    (community ?? member ?? service ?? client) ? await furnishPlace(hub, community) : undefined;
  return {
    ...place,
    ...(neighbour && { neighbour: await buildCommunity(hub.database, neighbour, hub.url) }),
    ...(member && { member: await place?.newMember(member) }),
    ...((service ?? client) && withService(await place?.newClient(client, service))),
  };
}

async function furnishPlace(hub: TestHub, values?: Partial<CommunityChange>): Promise<Place> {
  const community = await buildCommunity(hub.database, values, hub.url);
  const newService: Place['newService'] = (service, client) =>
    buildService(hub, community, service, client);
  return {
    community,
    issuer: `${hub.url}/c/${community.slug}`,
    newMember: (member) => buildMember(hub.database, community.id, member),
    newService,
    newClient: async (client, service) =>
      new RelyingParty(hub.url, community, await newService(service, client)),
  };
}

const withService = (client?: RelyingParty) => ({ client, service: client?.service });

/** An object that is made later: reading from it before throws. */
export function onceThere<Made extends object>(find: () => Made | undefined): Made {
  const there = () => {
    const made = find();
    if (made === undefined) throw new Error('it is there from the first test on, not earlier');
    return made;
  };
  const handler: ProxyHandler<Made> = {
    get: (_, key) => Reflect.get(there(), key),
    ownKeys: () => Reflect.ownKeys(there()),
    getOwnPropertyDescriptor: (_, key) => Reflect.getOwnPropertyDescriptor(there(), key),
  };
  return new Proxy({} as Made, handler);
}
