import { afterAll, beforeAll } from 'vitest';
import type { CommunityChange } from '../../../src/domain/communities/save-communities.ts';
import { hashPassword } from '../../../src/domain/people/password.ts';
import { saveServices } from '../../../src/domain/services/save-services.ts';
import type { Database } from '../../../src/platform/database/database.ts';
import { sealer } from '../../support/domain.ts';
import {
  type BuiltCommunity,
  type BuiltMember,
  buildCommunity,
  buildGroup,
  buildMember,
  buildService,
} from '../../support/factories.ts';
import { startHub, type TestHub } from '../../support/hub.ts';
import { type HubWishes, onceThere, useHub } from '../../support/use-hub.ts';
import { connectLdap, type LdapClient } from './ldap-client.ts';

export const READER_PASSWORD = 'the secret of the reader, long enough';
let readerHash: Promise<string> | undefined;

/** The environment of a hub that serves LDAP, at a port of its own. */
export const LDAP = { TROUSSEAU_LDAP_LISTEN: '127.0.0.1:0' };

/** A hub that serves LDAP at a port of its own. */
export function startLdapHub(env: Record<string, string> = {}): Promise<TestHub> {
  return startHub({ ...LDAP, ...env });
}

/** A hub that serves LDAP for the tests of a file, and a lieu in it, `lamyne` unless its values are given. */
export function useLieu(
  values: Partial<CommunityChange> = { slug: 'lamyne' },
  { env, log, hashesAnew }: Pick<HubWishes, 'env' | 'log' | 'hashesAnew'> = {},
) {
  const hub = useHub({ env: { ...LDAP, ...env }, hashesAnew, ...(log && { log }) });
  let lieu: Lieu | undefined;
  beforeAll(async () => {
    lieu = await buildLieu(hub, values);
  });
  return { hub, lieu: onceThere(() => lieu) };
}

/** A connection of the lieu's reader for the tests of a file: from its bind on, their address is an app's. */
export function useReader(hub: TestHub, lieu: Lieu): LdapClient {
  let reader: LdapClient | undefined;
  beforeAll(async () => {
    reader = await boundReader(hub, lieu);
  });
  afterAll(() => reader?.close());
  return onceThere(() => reader);
}

export async function ldapTo(hub: TestHub): Promise<LdapClient> {
  const address = hub.app.ldap?.address;
  if (address === undefined) throw new Error('the hub serves no LDAP');
  return connectLdap(address);
}

/** Gives a service a reader whose secret is READER_PASSWORD. */
export async function buildReader(
  db: Database,
  communityId: string,
  serviceId: string,
): Promise<void> {
  readerHash ??= hashPassword(READER_PASSWORD);
  const [row] = await db.query<{ slug: string }>('SELECT slug FROM services WHERE id = $1', [
    serviceId,
  ]);
  const change = { slug: row?.slug as string, reader: await readerHash, must: 'exist' } as const;
  const place = { communityId, sealer, hubUrl: 'http://localhost:8080' };
  await db.transaction((tx) => saveServices(tx, place, [change], 'cli'));
}

export type Lieu = {
  community: BuiltCommunity;
  base: string;
  /** Open to every member, with a reader. */
  cloud: { id: string; readerDn: string };
  alice: BuiltMember;
  bob: BuiltMember;
  group(name: string, members: BuiltMember[]): Promise<{ id: string; name: string; dn: string }>;
  dnOf(member: BuiltMember): string;
};

/** A community with two members and a service whose reader sees both. */
export async function buildLieu(
  hub: TestHub,
  values: Partial<CommunityChange> = {},
): Promise<Lieu> {
  const db = hub.database;
  const community = await buildCommunity(db, { ldapPasswordBind: true, ...values });
  const base = (values.ldapBase as string | undefined) ?? `o=${community.slug}`;
  const alice = await buildMember(db, community.id, {
    username: 'alice',
    displayName: 'Alice Martin',
    givenName: 'Alice',
    familyName: 'Martin',
  });
  const bob = await buildMember(db, community.id, { username: 'bob', displayName: 'Bob' });
  const cloud = await buildService(hub, community, { slug: 'cloud' });
  await buildReader(db, community.id, cloud.id);
  await hub.app.settle();
  return {
    community,
    base,
    cloud: { id: cloud.id, readerDn: `cn=cloud,ou=services,${base}` },
    alice,
    bob,
    async group(name, members) {
      const group = await buildGroup(
        db,
        community.id,
        name,
        members.map(({ subject }) => subject),
      );
      await hub.app.settle();
      return { ...group, dn: `cn=${name},ou=groups,${base}` };
    },
    dnOf: ({ username }) => `uid=${username},ou=people,${base}`,
  };
}

/** A connection on which the reader of the lieu's service is bound. */
export async function boundReader(hub: TestHub, lieu: Lieu): Promise<LdapClient> {
  const client = await ldapTo(hub);
  const { code, message } = await client.bind(lieu.cloud.readerDn, READER_PASSWORD);
  if (code !== 0) throw new Error(`the reader was refused: ${code} ${message}`);
  return client;
}
