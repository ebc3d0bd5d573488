import { randomUUID } from 'node:crypto';
import { clientSecretContext } from '../../src/domain/communities/community.ts';
import { hashPassword } from '../../src/domain/people/password.ts';
import type { Database } from '../../src/platform/database/database.ts';
import type { Sealer } from '../../src/platform/secrets/sealer.ts';
import { nameKey } from '../../src/platform/text/names.ts';

export const PASSWORD = 'correct horse battery staple';
let passwordHash: Promise<string> | undefined;

type Row = Record<string, unknown>;

async function insert(db: Database, table: string, row: Row): Promise<void> {
  const columns = Object.keys(row);
  const places = columns.map((_, index) => `$${index + 1}`).join(', ');
  await db.query(
    `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${places})`,
    Object.values(row),
  );
}

let counter = 0;
const next = () => {
  counter += 1;
  return counter;
};

export type BuiltCommunity = { id: string; slug: string };

export async function buildCommunity(db: Database, values: Row = {}): Promise<BuiltCommunity> {
  const slug = (values.slug as string | undefined) ?? `lieu-${next()}`;
  const id = randomUUID();
  await insert(db, 'communities', {
    id,
    slug,
    name: `Le lieu ${slug}`,
    ldap_base: `o=${slug}`,
    ...values,
  });
  return { id, slug };
}

export type BuiltMember = { subject: string; username: string; personId: string; email: string };

/** An active member with PASSWORD and a verified address; makes the person. */
export async function buildMember(
  db: Database,
  communityId: string,
  values: Row = {},
): Promise<BuiltMember> {
  passwordHash ??= hashPassword(PASSWORD);
  const username = (values.username as string | undefined) ?? `membre${next()}`;
  const email = `${username}@lieu.example`;
  const personId = randomUUID();
  const subject = randomUUID();
  await insert(db, 'persons', { id: personId, password_hash: await passwordHash });
  await insert(db, 'person_emails', {
    person_id: personId,
    address: email,
    verified_at: new Date(),
  });
  await insert(db, 'memberships', {
    community_id: communityId,
    subject,
    person_id: personId,
    username,
    username_key: nameKey(username),
    display_name: `Prénom ${username}`,
    email,
    email_key: nameKey(email),
    ...values,
  });
  return { subject, username, personId, email };
}

export async function buildGroup(
  db: Database,
  communityId: string,
  name = `groupe${next()}`,
  members: string[] = [],
) {
  const id = randomUUID();
  await insert(db, 'groups', { community_id: communityId, id, name, name_key: nameKey(name) });
  for (const subject of members) {
    await insert(db, 'group_members', { community_id: communityId, group_id: id, subject });
  }
  return { id, name };
}

export type BuiltService = {
  id: string;
  slug: string;
  clientId: string;
  clientSecret: string;
  redirectUri: string;
};

/** A service with a client registered at the community's path issuer; `client` overrides its columns and secret. */
export async function buildService(
  hub: { database: Database; sealer: Sealer; url: string; app?: { settle(): Promise<void> } },
  community: BuiltCommunity,
  values: Row = {},
  { secret, ...client }: Row = {},
): Promise<BuiltService> {
  const slug = (values.slug as string | undefined) ?? `service-${next()}`;
  const id = randomUUID();
  const clientId = (client.client_id as string | undefined) ?? slug;
  const clientSecret = (secret as string | undefined) ?? `secret-of-${slug}-that-is-long-enough`;
  const redirectUri = `https://${slug}.example/callback`;
  await insert(hub.database, 'services', {
    community_id: community.id,
    id,
    slug,
    recipe: 'generic-oidc',
    name: `Service ${slug}`,
    url: `https://${slug}.example/`,
    ...values,
  });
  const isPublic = client.token_endpoint_auth_method === 'none';
  await insert(hub.database, 'service_clients', {
    community_id: community.id,
    service_id: id,
    client_id: clientId,
    sealed_secret: isPublic
      ? null
      : hub.sealer.seal(clientSecret, clientSecretContext(community.id, id)),
    issuer: `${hub.url}/c/${community.slug}`,
    redirect_uris: [redirectUri],
    ...client,
  });
  // The hub hears of it a moment after the commit; a test asks at once.
  await hub.app?.settle();
  return { id, slug, clientId, clientSecret, redirectUri };
}
