import type { CommunityChange } from '../../src/domain/communities/save-communities.ts';
import { saveCommunities } from '../../src/domain/communities/save-communities.ts';
import { saveGroups } from '../../src/domain/groups/save-groups.ts';
import { addMember } from '../../src/domain/memberships/add-member.ts';
import type { NewMember } from '../../src/domain/memberships/member-change.ts';
import { saveMembers } from '../../src/domain/memberships/save-members.ts';
import { hashPassword } from '../../src/domain/people/password.ts';
import { saveServices } from '../../src/domain/services/save-services.ts';
import type { ClientChange, ServiceChange } from '../../src/domain/services/service-change.ts';
import type { Database } from '../../src/platform/database/database.ts';
import type { Sealer } from '../../src/platform/secrets/sealer.ts';

export const PASSWORD = 'correct horse battery staple';
let passwordHash: Promise<string> | undefined;

let counter = 0;
const next = (word: string) => {
  counter += 1;
  return `${word}${counter}`;
};

export type BuiltCommunity = { id: string; slug: string };

/** A community with these settings, made as the command makes it. */
export async function buildCommunity(
  db: Database,
  { slug = next('lieu-'), ...settings }: Partial<CommunityChange> = {},
  hubUrl?: string,
): Promise<BuiltCommunity> {
  const change = { name: `Le lieu ${slug}`, ...settings, slug, must: 'be-new' } as const;
  const [saved] = await db.transaction((tx) => saveCommunities(tx, [change], 'cli', hubUrl));
  if (saved === undefined) throw new Error(`no community came of ${slug}`);
  return { id: saved.after.id, slug };
}

type Where = { database: Database; url: string; app?: { settle(): Promise<void> } };

/** Changes the settings of a community, as the command does. */
export async function changeCommunity(
  hub: Where,
  { slug }: Pick<BuiltCommunity, 'slug'>,
  settings: Omit<CommunityChange, 'slug'>,
): Promise<void> {
  const change = { ...settings, slug, must: 'exist' } as const;
  await hub.database.transaction((tx) => saveCommunities(tx, [change], 'cli', hub.url));
  await hub.app?.settle();
}

/** Gives a community its own hosts; apps that are registered from then on know the first as their issuer. */
export function giveHosts(hub: Where, community: BuiltCommunity, hosts: string[]): Promise<void> {
  return changeCommunity(hub, community, { hosts });
}

export type BuiltMember = { subject: string; username: string; personId: string; email: string };

/** An active member with PASSWORD and a verified address; makes the person. */
export async function buildMember(
  db: Database,
  communityId: string,
  { username = next('membre'), ...values }: Partial<NewMember> = {},
): Promise<BuiltMember> {
  passwordHash ??= hashPassword(PASSWORD);
  const email = values.email ?? `${username}@lieu.example`;
  const member: NewMember = {
    displayName: `Prénom ${username}`,
    email,
    emailVerified: true,
    passwordHash: await passwordHash,
    ...values,
    username,
  };
  const subject = await db.transaction((tx) => addMember(tx, communityId, member, 'cli'));
  const [row] = await db.query<{ personId: string }>(
    'SELECT person_id AS "personId" FROM memberships WHERE community_id = $1 AND subject = $2',
    [communityId, subject],
  );
  return { subject, username, personId: row?.personId as string, email };
}

export async function buildGroup(
  db: Database,
  communityId: string,
  name = next('groupe'),
  members: string[] = [],
): Promise<{ id: string; name: string }> {
  const place = { id: communityId, issuerUrl: undefined };
  const id = await db.transaction(async (tx) => {
    const [group] = await saveGroups(tx, communityId, [{ name }], 'cli');
    if (group === undefined) throw new Error(`no group came of ${name}`);
    const changes = members.map((subject) => ({ subject, groups: { add: [group.id] } }));
    await saveMembers(tx, place, changes, 'cli');
    return group.id;
  });
  return { id, name };
}

export type BuiltService = {
  id: string;
  slug: string;
  clientId: string;
  clientSecret: string;
  redirectUri: string;
};

/** A service with a client registered at the community's path issuer; `client` says what it has of its own. */
export async function buildService(
  hub: { database: Database; sealer: Sealer; url: string; app?: { settle(): Promise<void> } },
  community: BuiltCommunity,
  { slug = next('service-'), ...values }: Partial<ServiceChange> = {},
  { secret, ...client }: ClientChange = {},
): Promise<BuiltService> {
  const clientId = client.id ?? slug;
  const clientSecret = secret ?? `secret-of-${slug}-that-is-long-enough`;
  const redirectUri = client.redirectUris?.[0] ?? `https://${slug}.example/callback`;
  const change: ServiceChange = {
    recipe: 'generic-oidc',
    name: `Service ${slug}`,
    url: `https://${slug}.example/`,
    ...values,
    slug,
    must: 'be-new',
    client: {
      redirectUris: [redirectUri],
      ...client,
      id: clientId,
      secret: client.auth === 'none' ? undefined : clientSecret,
    },
  };
  const place = { communityId: community.id, sealer: hub.sealer, hubUrl: hub.url };
  const { services } = await hub.database.transaction((tx) =>
    saveServices(tx, place, [change], 'cli'),
  );
  // The hub hears of it a moment after the commit; a test asks at once.
  await hub.app?.settle();
  return { id: services[0]?.after.id as string, slug, clientId, clientSecret, redirectUri };
}
