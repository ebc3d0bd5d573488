import { createCommunity } from '../../src/domain/communities/create-community.ts';
import { addMember } from '../../src/domain/memberships/add-member.ts';
import type { NewMember } from '../../src/domain/memberships/member-change.ts';
import type { AccessRule } from '../../src/domain/services/service-change.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { createSealer } from '../../src/platform/secrets/sealer.ts';
import * as build from './factories.ts';

export const sealer = createSealer(['a-sealing-key-of-more-than-32-characters']);

let count = 0;
function next(word: string): string {
  count += 1;
  return `${word}-${count}`;
}

/** Factories of rows that tests need; each gives what the next one asks for. */
export function factories(database: Database) {
  const buildCommunity = (slug = next('lieu')) =>
    database.transaction((tx) => createCommunity(tx, { slug, name: `Le ${slug}` }, 'hub'));

  const buildMember = (communityId: string, member: Partial<NewMember> = {}) => {
    const username = member.username ?? next('membre');
    return database.transaction((tx) =>
      addMember(tx, communityId, { displayName: username, ...member, username }, 'hub'),
    );
  };

  const buildGroup = async (communityId: string, name = next('groupe')): Promise<string> =>
    (await build.buildGroup(database, communityId, name)).id;

  /** A service with a confidential client that listens for back-channel logouts. */
  async function buildService(
    communityId: string,
    { slug = next('service'), access = 'everyone' as AccessRule } = {},
  ): Promise<{ serviceId: string; clientId: string; slug: string }> {
    const { id, clientId } = await build.buildService(
      { database, sealer, url: 'http://localhost:8080' },
      { id: communityId, slug: '' },
      { slug, name: slug, access },
      { id: `client-${slug}`, backchannelLogoutUri: 'https://app.example/logout' },
    );
    return { serviceId: id, clientId, slug };
  }

  /** A browser session in which the member is signed in to clients, with a refresh token for each. */
  async function buildSession(communityId: string, subject: string, clientIds: string[] = []) {
    const uid = next('uid');
    const authorizations = Object.fromEntries(
      clientIds.map((clientId) => [
        clientId,
        { sid: `sid-${clientId}`, grantId: `grant-${clientId}` },
      ]),
    );
    await database.query(
      `INSERT INTO sessions (community_id, id_hash, uid, subject, issuer, payload, expires_at)
       VALUES ($1, sha256($2::bytea), $3, $4, 'http://localhost:8080/c/lieu', $5, now() + interval '1 day')`,
      [communityId, Buffer.from(uid), uid, subject, JSON.stringify({ authorizations })],
    );
    await database.query(
      `INSERT INTO oidc_artifacts (community_id, kind, id_hash, subject, client_id, payload, expires_at)
       SELECT $1, 'RefreshToken', sha256(($2 || client_id)::bytea), $3, client_id, '{}', now() + interval '1 day'
       FROM unnest($4::text[]) AS c (client_id)`,
      [communityId, uid, subject, clientIds],
    );
  }

  return { buildCommunity, buildMember, buildGroup, buildService, buildSession };
}
