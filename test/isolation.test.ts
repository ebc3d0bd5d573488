import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as apiTokenStore from '../src/domain/api-tokens/api-token-store.ts';
import { createApiToken } from '../src/domain/api-tokens/create-api-token.ts';
import { revokeApiToken } from '../src/domain/api-tokens/revoke-api-token.ts';
import {
  createAppPassword,
  revokeAppPassword,
  revokeAppPasswords,
} from '../src/domain/app-passwords/app-password.ts';
import * as appPasswordStore from '../src/domain/app-passwords/app-password-store.ts';
import { setCommunityState } from '../src/domain/communities/set-community-state.ts';
import { findDoneStep } from '../src/domain/done-steps/done-step-store.ts';
import { NotFoundError } from '../src/domain/errors.ts';
import { answerEntry } from '../src/domain/groups/answer-entry.ts';
import { enterGroup, leaveGroup } from '../src/domain/groups/enter-group.ts';
import * as groupStore from '../src/domain/groups/group-store.ts';
import { groupIdsByName, groupNamesOf } from '../src/domain/groups/named-groups.ts';
import { saveGroups } from '../src/domain/groups/save-groups.ts';
import { releaseHost } from '../src/domain/hosts/claim-host.ts';
import * as hostClaimStore from '../src/domain/hosts/host-claim-store.ts';
import { listHosts } from '../src/domain/hosts/list-hosts.ts';
import { pageOfInvitations } from '../src/domain/invitations/invitation-store.ts';
import { findActing } from '../src/domain/memberships/acting-store.ts';
import { addMember } from '../src/domain/memberships/add-member.ts';
import { changeMembersAs } from '../src/domain/memberships/change-members-as.ts';
import { changePreferences, changeProfile } from '../src/domain/memberships/change-profile.ts';
import { findContacts } from '../src/domain/memberships/contact-store.ts';
import { findListedMember, listMembersBy } from '../src/domain/memberships/list-members.ts';
import * as membershipStore from '../src/domain/memberships/membership-store.ts';
import { pageOfMembers } from '../src/domain/memberships/page-of-members.ts';
import { removeFromGroup } from '../src/domain/memberships/remove-from-group.ts';
import { renameMember } from '../src/domain/memberships/rename-member.ts';
import { setMemberRole } from '../src/domain/memberships/set-member-role.ts';
import { setMemberStatus } from '../src/domain/memberships/set-member-status.ts';
import { setPassword } from '../src/domain/memberships/set-password.ts';
import { removePicture, setPicture } from '../src/domain/pictures/change-picture.ts';
import { loadPicture } from '../src/domain/pictures/picture-store.ts';
import { givePosixNumbers } from '../src/domain/posix/give-posix-numbers.ts';
import { savePosixSettings } from '../src/domain/posix/save-posix-settings.ts';
import { approveAccess, blockAccess } from '../src/domain/services/decide-access.ts';
import { endServiceSessions } from '../src/domain/services/end-service-sessions.ts';
import { removeReader, setReaderSecret } from '../src/domain/services/reader.ts';
import { removeServices } from '../src/domain/services/remove-services.ts';
import { requestAccess } from '../src/domain/services/request-access.ts';
import { rotateClientSecret } from '../src/domain/services/rotate-client-secret.ts';
import { saveServices } from '../src/domain/services/save-services.ts';
import { readServices } from '../src/domain/services/service-rows.ts';
import * as serviceStore from '../src/domain/services/service-store.ts';
import { readerServices, readSharing } from '../src/domain/services/sharing-store.ts';
import { withdrawConsent } from '../src/domain/services/withdraw-consent.ts';
import { findCredential } from '../src/domain/sessions/credential-store.ts';
import {
  endMemberSessions,
  endOtherSessions,
  endSession,
} from '../src/domain/sessions/end-sessions.ts';
import { listSessions } from '../src/domain/sessions/session-store.ts';
import type { Transaction } from '../src/platform/database/database.ts';
import { listEvents, listEventsOf } from '../src/platform/events/event-store.ts';
import { addToGroup } from './support/add-to-group.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { factories, sealer } from './support/domain.ts';
import { changeCommunity } from './support/factories.ts';
import { claim } from './support/host-proofs.ts';
import { nestGroup, unnestGroup } from './support/nest-group.ts';

type Seed = Awaited<ReturnType<typeof seed>>;
type Reference = { name: string; from: string; to: string; columns: string[]; targets: string[] };

let db: TestDatabase;
let a: Seed;
let b: Seed;
let references: Reference[];

beforeAll(async () => {
  db = await cloneDatabase();
  [a, b] = [await seed('amont'), await seed('aval')];
  references = await communityReferences();
});
afterAll(() => db.drop());

/**
 * A community with a row in every table that a community owns. It is of the tables that this file asks: most rows
 * are written as they are, for no one change would leave one in each.
 */
async function seed(slug: 'amont' | 'aval') {
  const make = factories(db.database);
  const id = await make.buildCommunity(slug);
  const email = `${slug}@lieu.example`;
  const admin = { username: slug, email, role: 'admin' as const, passwordHash: 'a hash' };
  const subject = await make.buildMember(id, admin);
  const [groupId, childId] = [await make.buildGroup(id, slug), await make.buildGroup(id)];
  const service = await make.buildService(id, { access: { groups: [groupId] } });
  const { serviceId, clientId } = service;
  await make.buildSession(id, subject, [clientId]);
  for (const sql of [
    `INSERT INTO community_logos VALUES ($1, 'image/png', '\\x00', '\\x00')`,
    `INSERT INTO signing_keys (community_id, kid, alg, public_jwk, sealed_private_jwk, activates_at)
     VALUES ($1, 'kid', 'RS256', '{}', '\\x00', now())`,
    `INSERT INTO outbox (community_id, kind, payload) VALUES ($1, 'backchannel-logout', '{}')`,
    `INSERT INTO end_digests VALUES ($1)`,
    `INSERT INTO spent_localparts VALUES ($1, '\\x00')`,
  ]) {
    await db.database.query(sql, [id]);
  }
  const questions = [{ text: 'Qui es-tu ?', required: true }];
  const hub = { database: db.database, url: 'http://localhost:8080' };
  await changeCommunity(
    hub,
    { slug },
    {
      hosts: [`${slug}.example`],
      ldapHosts: [`ldap.${slug}.example`],
      questions,
    },
  );
  await claim(db.database, id, `claimed.${slug}.example`);
  const two = async (sql: string, ...params: string[]) => db.database.query(sql, [id, ...params]);
  const maker = { subject, role: 'admin' as const };
  const newToken = { name: slug, scopes: ['members:read' as const], days: 1 };
  const { id: tokenId } = await db.database.transaction((tx) =>
    createApiToken(tx, id, newToken, maker),
  );
  await two(
    `INSERT INTO api_answers VALUES ($2, decode(md5($3), 'hex'), $1, '\\x00', '\\x00', now() + interval '1 day')`,
    tokenId,
    slug,
  );
  const { id: appPasswordId } = await db.database.transaction(async (tx) => {
    await addToGroup(tx, id, { groupId, subject }, 'cli');
    await nestGroup(tx, id, { parentId: groupId, childId }, 'cli');
    await setReaderSecret(tx, id, serviceId, 'a hash', 'cli');
    await setPicture(tx, id, subject, Buffer.from([0]), 'cli');
    return createAppPassword(tx, id, { subject, serviceId, name: slug }, 'cli');
  });
  // Before the community gives numbers: these two get none.
  await seedMembersSide(make, { id, slug, subject, groupId });
  await two(
    'INSERT INTO posix_ranges VALUES ($1, $2::int, 100, $2::int)',
    slug === 'amont' ? '10000' : '20000',
  );
  await two('UPDATE communities SET posix_primary_group_id = $2 WHERE id = $1', groupId);
  await two(`INSERT INTO accounts VALUES ($1, $2, $3, 'requested')`, serviceId, subject);
  await two(
    `INSERT INTO events (community_id, type, actor, subject, service_id) VALUES ($1, 'service.opened', 'cli', $2, $3)`,
    subject,
    serviceId,
  );
  await two(`INSERT INTO consents VALUES ($1, $2, $3, 'notice', '{openid}')`, serviceId, subject);
  await two(`INSERT INTO disclosures VALUES ($1, $2, $3, '{}')`, serviceId, subject);
  return {
    id,
    slug,
    email,
    subject,
    groupId,
    childId,
    groupName: slug,
    serviceId,
    serviceSlug: service.slug,
    appPasswordId,
    tokenId,
  };
}

/** Ways in, recovery, pictures: what members and admins leave in a community. */
async function seedMembersSide(
  make: ReturnType<typeof factories>,
  { id, slug, subject, groupId }: { id: string; slug: string; subject: string; groupId: string },
): Promise<void> {
  const [one, two] = [await make.buildMember(id), await make.buildMember(id)];
  const add = (sql: string, ...params: string[]) => db.database.query(sql, [id, ...params]);
  const [invitation] = await add(
    `INSERT INTO invitations (community_id, token_hash, sealed_token, label, created_by, expires_at)
     VALUES ($1, decode(md5($2), 'hex'), '\\x00', 'affiche', $3, now() + interval '1 day') RETURNING id`,
    slug,
    subject,
  );
  await add('INSERT INTO invitation_groups VALUES ($1, $2, $3)', invitation.id, groupId);
  await add('INSERT INTO group_managers VALUES ($1, $2, $3)', groupId, subject);
  await add('INSERT INTO group_requests VALUES ($1, $2, $3)', groupId, one);
  await add(
    `INSERT INTO end_notices (community_id, subject, what, group_id, ends_at, days, told)
     VALUES ($1, $2, 'group', $3, now(), 7, 'member')`,
    subject,
    groupId,
  );
  await add('INSERT INTO invitation_uses VALUES ($1, $2, $3)', invitation.id, subject);
  await add(`INSERT INTO registration_answers VALUES ($1, $2, 0, 'Qui es-tu ?', 'Moi')`, subject);
  await add(
    `INSERT INTO pending_sign_ins (community_id, token_hash, subject, issuer, password_hash, waits_for, expires_at)
     VALUES ($1, decode(md5($2), 'hex'), $3, 'https://hub.example', 'a hash', 'factor', now() + interval '1 hour')`,
    slug,
    subject,
  );
  await add(
    `INSERT INTO done_steps (community_id, key, browser_hash, sealed_answer, expires_at)
     VALUES ($1, decode(md5($2), 'hex'), '\\x00', '\\x00', now() + interval '1 hour')`,
    slug,
  );
  await add(
    `INSERT INTO links (community_id, token_hash, kind, subject, expires_at)
     VALUES ($1, decode(md5($2), 'hex'), 'recovery', $3, now() + interval '1 hour')`,
    slug,
    subject,
  );
  await add(
    `INSERT INTO assisted_recoveries (community_id, subject, requested_by, approved_by, approved_at, ready_at)
     VALUES ($1, $2, $3, $4, now(), now())`,
    subject,
    one,
    two,
  );
  await add(
    `INSERT INTO kept_mails (community_id, recipient, subject_line, sealed_body) VALUES ($1, 'a@b.example', 'Bonjour', '\\x00')`,
  );
}

const OWNED = `SELECT t.oid FROM pg_class t JOIN pg_attribute c ON c.attrelid = t.oid
  WHERE t.relkind IN ('r', 'p') AND t.relnamespace = 'public'::regnamespace AND c.attname = 'community_id' AND NOT c.attisdropped`;

async function ownedTables(): Promise<string[]> {
  const rows = await db.database.query(
    `SELECT x.oid::regclass::text AS name FROM (${OWNED}) x ORDER BY 1`,
  );
  return rows.map((row) => row.name);
}

/** Foreign keys between two tables that communities own, read from the catalogue. */
async function communityReferences(): Promise<Reference[]> {
  const names = (relation: string, columns: string) =>
    `ARRAY(SELECT a.attname::text FROM unnest(k.${columns}) WITH ORDINALITY AS u (n, i)
       JOIN pg_attribute a ON a.attrelid = k.${relation} AND a.attnum = u.n ORDER BY u.i)`;
  return db.database.query<Reference>(
    `SELECT k.conname AS name, k.conrelid::regclass::text AS from, k.confrelid::regclass::text AS to,
       ${names('conrelid', 'conkey')} AS columns, ${names('confrelid', 'confkey')} AS targets
     FROM pg_constraint k WHERE k.contype = 'f' AND k.conrelid IN (${OWNED}) AND k.confrelid IN (${OWNED})
     ORDER BY 1`,
  );
}

/** Runs it and takes it back; the name of the constraint that refused it, or undefined. */
async function refusal(work: (tx: Transaction) => Promise<unknown>): Promise<string | undefined> {
  class Undo extends Error {}
  try {
    await db.database.transaction(async (tx) => {
      await work(tx);
      throw new Undo();
    });
  } catch (error) {
    if (error instanceof Undo) return undefined;
    const { code, constraint } = error as { code: string; constraint: string };
    if (code !== '23503') throw error;
    return constraint;
  }
}

/** The columns of a reference that say which row of the community is meant. */
function naming({ columns, targets }: Reference): { own: string; target: string }[] {
  return columns
    .map((own, index) => ({ own, target: targets[index] as string }))
    .filter(({ own }) => own !== 'community_id');
}

describe('the schema', () => {
  test('has a row of both communities in every table that a community owns', async () => {
    const empty: string[] = [];
    for (const table of await ownedTables()) {
      const [row] = await db.database.query(
        `SELECT count(DISTINCT community_id)::int AS communities FROM ${table} WHERE community_id = ANY($1)`,
        [[a.id, b.id]],
      );
      if (row.communities !== 2) empty.push(table);
    }
    expect(empty).toEqual([]);
  });

  test('carries the community through every reference between such tables', () => {
    expect(references.length).toBeGreaterThan(12);
    for (const { name, columns, targets } of references) {
      expect(columns.indexOf('community_id'), name).toBeGreaterThanOrEqual(0);
      expect(targets.indexOf('community_id'), name).toBe(columns.indexOf('community_id'));
    }
  });

  test('guards every column that names a row of a community by such a reference', async () => {
    const columns = await db.database.query<{ column: string }>(
      `SELECT t.oid::regclass || '.' || c.attname AS column FROM (${OWNED}) t
       JOIN pg_attribute c ON c.attrelid = t.oid AND c.attnum > 0 AND NOT c.attisdropped
       WHERE c.atttypid = 'uuid'::regtype AND (c.attname LIKE '%\\_id' OR c.attname = 'subject')
         AND c.attname NOT IN ('community_id', 'person_id')`,
    );
    const guarded = references.flatMap((reference) =>
      naming(reference).map(({ own }) => `${reference.from}.${own}`),
    );
    const unguarded = columns
      .map(({ column }) => column)
      .filter((column) => !guarded.includes(column));
    // memberships.subject is the row's own name; an event outlives the service that it tells of; a passkey
    // is the person's.
    expect(unguarded.sort()).toEqual([
      'events.service_id',
      'memberships.subject',
      'pending_sign_ins.passkey_id',
    ]);
  });

  test('refuses an UPDATE that ties a row to a row of another community, for every reference', async () => {
    for (const reference of references) {
      const set = naming(reference).map(({ own, target }) => `${own} = p.${target}`);
      const theirs = `SELECT * FROM ${reference.to} WHERE community_id = $2 LIMIT 1`;
      const update = (tx: Transaction) =>
        tx.query(
          `UPDATE ${reference.from} c SET ${set.join(', ')} FROM (${theirs}) p
           WHERE c.ctid = (SELECT ctid FROM ${reference.from} WHERE community_id = $1
             AND ${naming(reference)[0]?.own} IS NOT NULL LIMIT 1) RETURNING 1`,
          [a.id, b.id],
        );
      expect(await refusal(update), reference.name).toBe(reference.name);
    }
  });

  test("refuses another community's group as the primary group of a community's accounts", async () => {
    const update = (tx: Transaction) =>
      tx.query('UPDATE communities SET posix_primary_group_id = $2 WHERE id = $1', [
        a.id,
        b.groupId,
      ]);
    expect(await refusal(update)).toBe('fk_communities_posix_primary_group');
  });

  test('refuses to move a row to another community while it refers to one of its own', async () => {
    const held = new Set(references.map(({ from }) => from));
    for (const table of held) {
      const own = references.filter(({ from }) => from === table);
      const move = (tx: Transaction) =>
        tx.query(
          `UPDATE ${table} SET community_id = $2 WHERE ctid = (SELECT ctid FROM ${table}
             WHERE community_id = $1 AND ${naming(own[0] as Reference)[0]?.own} IS NOT NULL LIMIT 1)`,
          [a.id, b.id],
        );
      const names = own.map(({ name }) => name);
      // A row that others refer to is held by their references, too.
      const pointing = references.filter(({ to }) => to === table).map(({ name }) => name);
      expect([...names, ...pointing], table).toContain(await refusal(move));
    }
  });

  test('refuses an INSERT that refers to a row of another community, for every reference', async () => {
    for (const reference of references) {
      const insert = (changed: boolean) => async (tx: Transaction) => {
        const { from, to } = reference;
        const columns = naming(reference);
        // The row is stored again as it was, but for what it refers to.
        const [row] = await tx.query(
          `DELETE FROM ${from} WHERE ctid = (SELECT ctid FROM ${from} WHERE community_id = $1
             AND ${columns[0]?.own} IS NOT NULL LIMIT 1) RETURNING to_jsonb(${from}) AS json`,
          [a.id],
        );
        const [other] = await tx.query(
          `SELECT to_jsonb(p) AS json FROM ${to} p WHERE community_id = $1 LIMIT 1`,
          [b.id],
        );
        const json = { ...row.json };
        if (changed) for (const { own, target } of columns) json[own] = other.json[target];
        await tx.query(
          `INSERT INTO ${from} OVERRIDING SYSTEM VALUE SELECT * FROM jsonb_populate_record(NULL::${from}, $1)`,
          [JSON.stringify(json)],
        );
      };
      expect(await refusal(insert(true)), reference.name).toBe(reference.name);
      expect(await refusal(insert(false)), `${reference.name}, unchanged`).toBeUndefined();
    }
  });
});

/** Everything that both communities own, as text. */
async function everything(): Promise<string> {
  const tables = [...(await ownedTables()), 'communities', 'persons', 'person_emails'];
  const dumps = await Promise.all(
    tables.map((table) =>
      db.database.query(`SELECT jsonb_agg(to_jsonb(t) ORDER BY to_jsonb(t)::text) FROM ${table} t`),
    ),
  );
  return JSON.stringify(dumps);
}

/** Every function of every store, asked in A for what is B's. */
const reads: Record<string, () => Promise<unknown>> = {
  findBySubject: () => membershipStore.findBySubject(db.database, a.id, b.subject),
  lockMembership: () =>
    db.database.transaction((tx) => membershipStore.lockMembership(tx, a.id, b.subject)),
  findByLogin: () => membershipStore.findByLogin(db.database, a.id, b.email),
  findByLogins: async () => [
    ...(await membershipStore.findByLogins(db.database, a.id, [b.slug, b.email])).values(),
  ],
  listMembers: async () =>
    (await membershipStore.listMembers(db.database, a.id, { search: b.slug })).members,
  pageOfMembers: async () =>
    (await pageOfMembers(db.database, a.id, { after: undefined, limit: 100 })).filter(
      ({ username }) => username === b.slug,
    ),
  countMembers: () => membershipStore.countMembers(db.database, a.id, { search: b.slug }),
  findContacts: async () =>
    (await findContacts(db.database, a.id)).filter(({ email }) => email === b.email),
  readServices: async () =>
    (await readServices(db.database, a.id)).filter(({ id }) => id === b.serviceId),
  listGroups: async () =>
    (await groupStore.listGroups(db.database, a.id)).filter(({ id }) => id === b.groupId),
  findGroupByName: () => groupStore.findGroupByName(db.database, a.id, b.groupName),
  subjectsInGroups: () => groupStore.subjectsInGroups(db.database, a.id, [b.groupId]),
  pageOfGroup: () =>
    groupStore.pageOfGroup(db.database, a.id, b.groupId, { after: undefined, limit: 10 }),
  membersOfGroup: () => groupStore.membersOfGroup(db.database, a.id, b.groupId),
  groupIdsByName: async () => [...(await groupIdsByName(db.database, a.id, [b.groupName])).keys()],
  groupNamesOf: async () => [...(await groupNamesOf(db.database, a.id, [b.subject])).keys()],
  groupsOfMember: () => groupStore.groupsOfMember(db.database, a.id, b.subject),
  listServices: async () =>
    (await serviceStore.listServices(db.database, a.id)).filter(({ id }) => id === b.serviceId),
  findServiceBySlug: () => serviceStore.findServiceBySlug(db.database, a.id, b.serviceSlug),
  accessOf: async () => [
    ...[await serviceStore.accessOf(db.database, a.id, b.serviceId, a.subject)],
    ...[await serviceStore.accessOf(db.database, a.id, a.serviceId, b.subject)],
  ],
  countAccessRequests: async () =>
    (await serviceStore.countAccessRequests(db.database, a.id)) -
    (await serviceStore.listAccessRequests(db.database, a.id)).length,
  listAccessRequests: () => serviceStore.listAccessRequests(db.database, a.id, b.serviceId),
  listClaims: async () =>
    (await hostClaimStore.listClaims(db.database, a.id)).filter(({ host }) =>
      host.includes(b.slug),
    ),
  findClaim: () => hostClaimStore.findClaim(db.database, a.id, `claimed.${b.slug}.example`),
  listHosts: async () =>
    (await listHosts(db.database, a.id)).filter(({ host }) => host.includes(b.slug)),
  findDoneStep: () => findDoneStep(db.database, a.id, createHash('md5').update(b.slug).digest()),
  findActing: () => findActing(db.database, a.id, b.subject),
  listOwnGroups: async () =>
    (await groupStore.listOwnGroups(db.database, a.id, b.subject)).filter(
      ({ id, isIn, isManaged, isRequested }) =>
        id === b.groupId || isIn || isManaged || isRequested,
    ),
  listManagers: () => groupStore.listManagers(db.database, a.id, b.groupId),
  listMembersBy: async () =>
    (
      await listMembersBy(
        db.database,
        a.id,
        { search: b.slug },
        { sort: 'name', offset: 0, limit: 100 },
      )
    ).concat((await findListedMember(db.database, a.id, b.subject)) ?? []),
  listEntryRequests: () => groupStore.listEntryRequests(db.database, a.id, [b.groupId]),
  listApiTokens: async () =>
    (await apiTokenStore.listApiTokens(db.database, a.id)).filter(({ id }) => id === b.tokenId),
  findApiToken: () => apiTokenStore.findApiToken(db.database, a.id, b.tokenId),
  listAppPasswords: () => appPasswordStore.listAppPasswords(db.database, a.id, b.subject),
  namesOf: async () => [...(await membershipStore.namesOf(db.database, a.id, [b.subject])).keys()],
  readSharing: async () => {
    const { disclosures, consents } = await readSharing(db.database, a.id, b.subject);
    return [...disclosures, ...consents];
  },
  readerServices: async () =>
    (await readerServices(db.database, a.id)).filter((id) => id === b.serviceId),
  listEvents: async () =>
    (await listEvents(db.database, a.id, {}, { limit: 100 })).filter(
      ({ subject }) => subject === b.subject,
    ),
  pageOfInvitations: async () =>
    (await pageOfInvitations(db.database, a.id, { after: undefined, limit: 100 })).filter(
      ({ createdBy }) => createdBy?.subject === b.subject,
    ),
  listEventsOf: () => listEventsOf(db.database, a.id, b.subject, { limit: 10 }),
  listSessions: () => listSessions(db.database, a.id, b.subject),
  loadPicture: () => loadPicture(db.database, a.id, b.slug),
  findCredential: () => findCredential(db.database, a.id, b.email),
};

describe('the stores', () => {
  test.each(Object.keys(reads))('%s finds nothing of another community', async (name) => {
    const found = await reads[name]?.();
    const seen = Array.isArray(found) ? found.filter((item) => item !== undefined) : found;
    expect(seen || undefined).toSatisfy(
      (value) => value === undefined || (Array.isArray(value) && value.length === 0),
    );
  });

  test('are all asked above', async () => {
    for (const folder of ['memberships', 'groups', 'people', 'services']) {
      const at = new URL(`../src/domain/${folder}/`, import.meta.url);
      const files = await readdir(at);
      for (const file of files.filter((name) => name.endsWith('-store.ts'))) {
        const store = await import(new URL(file, at).pathname);
        const functions = Object.keys(store).filter((name) => typeof store[name] === 'function');
        expect(Object.keys(reads), file).toEqual(expect.arrayContaining(functions));
      }
    }
  });
});

const PROFILE = {
  displayName: 'Mallory',
  givenName: null,
  familyName: null,
  nickname: null,
  pronouns: null,
};

/** Changes in A of what is B's, and of A's rows by means of B's. */
const placeOf = ({ id }: Seed) => ({ communityId: id, sealer, hubUrl: 'https://hub.example' });

const here = ({ id }: Seed) => ({ id, issuerUrl: 'https://lieu.example' });

const changes: Record<string, (tx: Transaction) => Promise<unknown>> = {
  'rename a member': (tx) => renameMember(tx, a.id, b.subject, 'mallory', 'cli'),
  'suspend a member': (tx) => setMemberStatus(tx, a.id, b.subject, 'suspend', 'cli'),
  'set a role': (tx) => setMemberRole(tx, a.id, b.subject, 'owner', 'cli'),
  'set a password': (tx) => setPassword(tx, a.id, b.subject, 'their hash', 'cli'),
  'add a member to a group of theirs': (tx) =>
    addMember(tx, a.id, { username: 'eve', displayName: 'Eve', groupIds: [b.groupId] }, 'cli'),
  'add our member to their group': (tx) =>
    addToGroup(tx, a.id, { groupId: b.groupId, subject: a.subject }, 'cli'),
  'add their member to our group': (tx) =>
    addToGroup(tx, a.id, { groupId: a.childId, subject: b.subject }, 'cli'),
  'let our member into their group': (tx) =>
    enterGroup(tx, here(a), { groupId: b.groupId, subject: a.subject }),
  'let their member into our group': (tx) =>
    enterGroup(tx, here(a), { groupId: a.groupId, subject: b.subject }),
  'take their member out of their group': (tx) =>
    leaveGroup(tx, here(a), { groupId: b.groupId, subject: b.subject }),
  'answer for their group': (tx) =>
    answerEntry(
      tx,
      here(a),
      { groupId: b.groupId, subject: a.subject },
      { admit: true, who: 'cli' },
    ),
  'answer for our group by the word of their admin': (tx) =>
    answerEntry(
      tx,
      here(a),
      { groupId: a.groupId, subject: a.subject },
      { admit: true, who: { by: b.subject } },
    ),
  'change our member by the word of their admin': (tx) =>
    changeMembersAs(tx, here(a), [{ subject: a.subject, displayName: 'Eve' }], b.subject),
  'have their member look after our group': (tx) =>
    saveGroups(tx, a.id, [{ id: a.groupId, managers: { add: [b.subject] } }], 'cli'),
  'have our member look after their group': (tx) =>
    saveGroups(tx, a.id, [{ id: b.groupId, managers: { add: [a.subject] } }], 'cli'),
  'remove their member from their group': (tx) =>
    removeFromGroup(tx, a.id, { groupId: b.groupId, subject: b.subject }, 'cli'),
  'nest our group in theirs': (tx) =>
    nestGroup(tx, a.id, { parentId: b.groupId, childId: a.childId }, 'cli'),
  'nest their group in ours': (tx) =>
    nestGroup(tx, a.id, { parentId: a.groupId, childId: b.childId }, 'cli'),
  'unnest their groups': (tx) =>
    unnestGroup(tx, a.id, { parentId: b.groupId, childId: b.childId }, 'cli'),
  'request their service': (tx) =>
    requestAccess(tx, { id: a.id, issuerUrl: 'https://lieu.example' }, b.serviceId, a.subject),
  'request our service for their member': (tx) =>
    requestAccess(tx, { id: a.id, issuerUrl: 'https://lieu.example' }, a.serviceId, b.subject),
  'approve their request': (tx) =>
    approveAccess(
      tx,
      a.id,
      { serviceId: b.serviceId, subject: b.subject, issuerUrl: undefined },
      'cli',
    ),
  'approve their member at our service': (tx) =>
    approveAccess(
      tx,
      a.id,
      { serviceId: a.serviceId, subject: b.subject, issuerUrl: undefined },
      'cli',
    ),
  'block our member at their service': (tx) =>
    blockAccess(
      tx,
      a.id,
      { serviceId: b.serviceId, subject: a.subject, issuerUrl: undefined },
      'cli',
    ),
  'make an app password for their member': (tx) =>
    createAppPassword(tx, a.id, { subject: b.subject, serviceId: a.serviceId, name: 'x' }, 'cli'),
  'make an app password for their service': (tx) =>
    createAppPassword(tx, a.id, { subject: a.subject, serviceId: b.serviceId, name: 'x' }, 'cli'),
  "revoke their member's app password": (tx) =>
    revokeAppPassword(tx, a.id, { subject: b.subject, id: b.appPasswordId }, 'cli'),
  'revoke their app password as our own': (tx) =>
    revokeAppPassword(tx, a.id, { subject: a.subject, id: b.appPasswordId }, 'cli'),
  'give their service a reader': (tx) => setReaderSecret(tx, a.id, b.serviceId, 'our hash', 'cli'),
  "remove their service's reader": (tx) => removeReader(tx, a.id, b.serviceId, 'cli'),
  'change the profile of their member': (tx) => changeProfile(tx, a.id, b.subject, PROFILE, 'cli'),
  'change the language of their member': (tx) =>
    changePreferences(tx, a.id, b.subject, { locale: 'en', zoneinfo: 'UTC' }, 'cli'),
  'set the picture of their member': (tx) =>
    setPicture(tx, a.id, b.subject, Buffer.from('x'), 'cli'),
  'open our service to their group': (tx) =>
    saveServices(tx, placeOf(a), [{ slug: 'wiki', access: { groups: [b.groupId] } }], 'cli'),
  'change a service that only they have': (tx) =>
    saveServices(tx, placeOf(a), [{ slug: b.serviceSlug, name: 'Ours', must: 'exist' }], 'cli'),
  'take their service away': (tx) => removeServices(tx, a.id, [a.serviceId, b.serviceId], 'cli'),
  'make their group the one of our POSIX accounts': (tx) =>
    savePosixSettings(
      tx,
      a.id,
      { firstNumber: 100_000, count: 10, primaryGroupId: b.groupId },
      'cli',
    ),
  'remove a host that is theirs': (tx) => releaseHost(tx, placeOf(a), `${b.slug}.example`, 'cli'),
  'remove a host that they claim': (tx) =>
    releaseHost(tx, placeOf(a), `claimed.${b.slug}.example`, 'cli'),
  'rotate the secret of their client': (tx) =>
    rotateClientSecret(tx, sealer, a.id, b.serviceId, 'cli'),
};

describe('the changes', () => {
  test.each(Object.keys(changes))(
    'to %s from another community is not found and changes nothing',
    async (name) => {
      const before = await everything();
      const change = db.database.transaction((tx) => changes[name]?.(tx) as Promise<unknown>);
      await expect(change).rejects.toBeInstanceOf(NotFoundError);
      expect(await everything()).toBe(before);
    },
  );

  test('end no session of another community', async () => {
    const before = await everything();
    await db.database.transaction(async (tx) => {
      expect(await endMemberSessions(tx, a.id, [b.subject])).toBe(0);
      const [theirs] = await listSessions(tx, b.id, b.subject);
      expect(await endSession(tx, a.id, b.subject, theirs?.uid as string)).toBe(false);
      expect(await endSession(tx, b.id, a.subject, theirs?.uid as string)).toBe(false);
      expect(await endOtherSessions(tx, a.id, b.subject, 'another')).toBe(0);
      await endServiceSessions(tx, a.id, b.serviceId, b.subject);
      await endServiceSessions(tx, b.id, a.serviceId, b.subject);
    });
    expect(await everything()).toBe(before);
  });

  test('take back no agreement and no picture of another community', async () => {
    const before = await everything();
    await db.database.transaction(async (tx) => {
      expect(await withdrawConsent(tx, a.id, b.serviceId, b.subject)).toBe(false);
      expect(await withdrawConsent(tx, a.id, b.serviceId, a.subject)).toBe(false);
      expect(await withdrawConsent(tx, a.id, a.serviceId, b.subject)).toBe(false);
      expect(await removePicture(tx, a.id, b.subject, 'cli')).toBe(false);
    });
    expect(await everything()).toBe(before);
  });

  test('end no app password and no token of another community, and give its members no numbers', async () => {
    await db.database.transaction((tx) => givePosixNumbers(tx, a.id));
    const theirs = () =>
      db.database.query(
        'SELECT uid_number FROM memberships WHERE community_id = $1 AND uid_number IS NOT NULL',
        [b.id],
      );
    expect(await theirs()).toEqual([]);
    const before = await everything();
    const ended = db.database.transaction((tx) => revokeAppPasswords(tx, a.id, b.subject, 'cli'));
    expect(await ended).toBe(0);
    const revoked = db.database.transaction((tx) => revokeApiToken(tx, a.id, b.tokenId, 'cli'));
    expect(await revoked).toBe(false);
    expect(await everything()).toBe(before);
  });

  test('of a whole community leave the others as they are', async () => {
    const theirs = () =>
      db.database.query('SELECT * FROM sessions WHERE community_id = $1', [b.id]);
    const before = await theirs();
    expect(before).toHaveLength(1);
    await db.database.transaction((tx) => setCommunityState(tx, a.id, 'archive', 'cli'));
    expect(await theirs()).toEqual(before);
    const [other] = await db.database.query('SELECT state FROM communities WHERE id = $1', [b.id]);
    expect(other).toEqual({ state: 'active' });
  });
});
