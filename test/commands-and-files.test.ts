import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { requestDeletion } from '../src/domain/account-deletion/delete-account.ts';
import { createCommunity } from '../src/domain/communities/create-community.ts';
import { type Refusal, RefusedError } from '../src/domain/errors.ts';
import { findGroupByName } from '../src/domain/groups/group-store.ts';
import { saveGroups } from '../src/domain/groups/save-groups.ts';
import { addMember } from '../src/domain/memberships/add-member.ts';
import { findByLogin } from '../src/domain/memberships/membership-store.ts';
import { savePosixSettings } from '../src/domain/posix/save-posix-settings.ts';
import type { Database, Transaction } from '../src/platform/database/database.ts';
import { nameKey } from '../src/platform/text/names.ts';
import { ApplyError } from '../src/transfer/apply/faults.ts';
import { applyText } from './support/apply-text.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { factories } from './support/domain.ts';
import { type Change, type Found, HASHES } from './support/people-change.ts';
import { change } from './support/people-changes.ts';
import { type PeopleState, readPeople, toFile } from './support/people-state.ts';

/** Two hubs that begin alike: what commands do in one, a file says in the other. */
let commands: TestDatabase;
let files: TestDatabase;
let runs = 0;

beforeAll(async () => {
  [commands, files] = await Promise.all([cloneDatabase(), cloneDatabase()]);
});
afterAll(() => Promise.all([commands?.drop(), files?.drop()]));

/** A community with an owner, a member, and POSIX accounts that name one of its groups. */
async function begin(db: Database, slug: string): Promise<void> {
  await db.query('DELETE FROM operators');
  await db.query('DELETE FROM events WHERE community_id IS NULL');
  await db.transaction(async (tx) => {
    const id = await createCommunity(tx, { slug, name: slug }, 'hub');
    const [group] = await saveGroups(tx, id, [{ name: 'tous' }], 'hub');
    const primaryGroupId = group?.id as string;
    const range = { firstNumber: 100_000 + runs * 100, count: 100, primaryGroupId };
    await savePosixSettings(tx, id, range, 'hub');
    const ana = { username: 'ana', displayName: 'Ana', role: 'owner' as const };
    const bob = { username: 'Bob', displayName: 'Bob', email: 'b@lieu.example' };
    await addMember(tx, id, { ...ana, passwordHash: HASHES[0] }, 'hub');
    await addMember(tx, id, { ...bob, emailVerified: true, passwordHash: HASHES[1] }, 'hub');
  });
  const { id } = await foundIn(db, slug);
  await factories(db).buildService(id, { slug: `app-${slug}` });
}

async function foundIn(db: Pick<Database, 'query'>, slug: string): Promise<Found> {
  const [row] = await db.query<{ id: string }>('SELECT id FROM communities WHERE slug = $1', [
    slug,
  ]);
  const id = row?.id as string;
  return {
    id,
    issuerUrl: `https://hub.example/c/${slug}`,
    member: (username) => findByLogin(db, id, username),
    group: async (name) => (await findGroupByName(db, id, name))?.id,
  };
}

/** What happens to both hubs alike, and is neither a command's nor a file's. */
type Happening = { says: string; work(tx: Transaction, at: Found): Promise<unknown> };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.constantFrom('ana', 'Bob', 'cléo').map((who) => ({
    says: `${who} signs in`,
    work: async (tx: Transaction, { id, member }: Found) => {
      const { subject } = (await member(who)) ?? {};
      if (subject === undefined) return;
      const [client] = await tx.query(
        'SELECT client_id AS id FROM service_clients WHERE community_id = $1',
        [id],
      );
      const payload = { authorizations: { [client.id]: { sid: 'a session' } } };
      // As far as rows tell: a session is made by a browser's sign-in alone.
      await tx.query(
        `INSERT INTO sessions (community_id, id_hash, uid, subject, issuer, payload, expires_at)
         VALUES ($1, sha256($2::bytea), $2, $3, 'https://hub.example', $4, now() + interval '1 day')
         ON CONFLICT DO NOTHING`,
        [id, who, subject, JSON.stringify(payload)],
      );
    },
  })),
  fc.constantFrom('ana', 'Bob').map((who) => ({
    says: `${who} proves their address`,
    work: (tx: Transaction, { id }: Found) =>
      tx.query(
        `UPDATE person_emails e SET proven_at = now() FROM memberships m
         WHERE m.community_id = $1 AND m.username_key = $2 AND e.person_id = m.person_id AND e.address = m.email`,
        [id, who.toLowerCase()],
      ),
  })),
  fc.constant({
    says: 'Bob asks for his account to be deleted',
    work: async (tx: Transaction, { id, issuerUrl }: Found) => {
      const bob = await findByLogin(tx, id, 'bob');
      if (bob?.status !== 'active' || bob.role === 'owner') return;
      await requestDeletion(tx, bob.personId, { communityId: id, subject: bob.subject, issuerUrl });
    },
  }),
);

/** @returns why it was refused */
async function byCommand(slug: string, change: Change): Promise<Refusal | undefined> {
  try {
    await commands.database.transaction(async (tx) =>
      change.byCommand(tx, await foundIn(tx, slug)),
    );
    return undefined;
  } catch (error) {
    if (error instanceof RefusedError) return error.code;
    throw error;
  }
}

/** @returns what the file was refused for, or what it noted instead */
async function byFile(
  slug: string,
  changes: readonly Change[],
  state: PeopleState,
): Promise<string> {
  const file = toFile(slug, state);
  for (const change of changes) change.inFile(file);
  // A hub without operators says nothing of them.
  const { operators, ...rest } = file;
  const named = operators.length === 0 && state.operators.length === 0 ? rest : file;
  try {
    const { notes } = await applyText(files.database, JSON.stringify(named), { prune: true });
    return notes.filter((note) => note.includes('asked for')).join('\n');
  } catch (error) {
    if (error instanceof ApplyError) return error.faults.join('\n');
    throw error;
  }
}

/** How a file says each refusal. */
const REFUSALS: Partial<Record<Refusal, RegExp>> = {
  'username-shape': /username: must have 1 to 64 letters/,
  'username-reserved': /username: "admin" is reserved/,
  'name-shape': /\.(?:name|givenName): must (?:not be empty|have at most 100|be one line)/,
  'email-shape': /email: must be an e-mail address/,
  'email-taken': /email: is the (?:address of the member|same e-mail address)/,
  'zone-shape': /zoneinfo: must be a time zone/,
  state: /status: the (?:membership is|person asked)|asked for their account to be deleted/,
  'last-owner': /is the only owner of the community/,
  'group-name': /groups\[\d+\]\.(?:name|description): must/,
  'group-cycle': /goes round in a circle/,
  value: /must be a whole number/,
  'end-past': /lies in the past/,
  'end-of-member': /is for admins and owners/,
  'group-full': /finds no seat in the group/,
  'primary-group': /is the primary group of the POSIX accounts/,
  'last-operator': /would leave the hub without an operator/,
};

async function expectSame(
  slug: string,
  told: string[],
  events: 'in order' | 'in any order' = 'in order',
): Promise<PeopleState> {
  const [one, other] = await Promise.all([
    readPeople(commands.database, slug),
    readPeople(files.database, slug),
  ]);
  const sorted = (list: unknown[]) => list.map((event) => JSON.stringify(event)).sort();
  const shown = (state: PeopleState) =>
    events === 'in order' ? state : { ...state, events: sorted(state.events) };
  expect(shown(other), told.join('\n')).toEqual(shown(one));
  return other;
}

const BOUNDS = { numRuns: 18 };

/** On a machine that is busy with something else, the rest of the runs is left out. */
function withinTime<Args extends unknown[]>(run: (...args: Args) => Promise<void>) {
  const end = performance.now() + 9_000;
  return async (...args: Args) => {
    if (performance.now() < end) await run(...args);
  };
}

/** With words for a report of what failed. */
const inWords = (says: string) => ({ [fc.toStringMethod]: () => says });
const step = fc.oneof(
  { arbitrary: change.map((one) => ({ change: one, ...inWords(one.says) })), weight: 5 },
  { arbitrary: happening.map((one) => ({ happening: one, ...inWords(one.says) })), weight: 1 },
);

test('a series of changes made by commands, and the same said by files, come to the same rows, events, notices and refusals', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 6, maxLength: 14 }),
      withinTime(async (steps) => {
        runs += 1;
        const slug = `lieu-${runs}`;
        await Promise.all([begin(commands.database, slug), begin(files.database, slug)]);
        const told: string[] = [];
        let state = await expectSame(slug, told);
        for (const one of steps) {
          if ('happening' in one) {
            told.push(one.happening.says);
            for (const { database } of [commands, files])
              await database.transaction(async (tx) =>
                one.happening.work(tx, await foundIn(tx, slug)),
              );
          } else {
            told.push(one.change.says);
            const refusal = await byCommand(slug, one.change);
            const said = await byFile(slug, [one.change], state);
            if (refusal === undefined) expect(said, told.join('\n')).toBe('');
            else
              expect(said, told.join('\n')).toMatch(REFUSALS[refusal] ?? `nothing for ${refusal}`);
          }
          state = await expectSame(slug, told);
        }
      }),
    ),
    BOUNDS,
  );
}, 60_000);

test('many changes said by one file come to what commands make of them one after another', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        change.map((one) => ({ ...one, ...inWords(one.says) })),
        { minLength: 4, maxLength: 20 },
      ),
      withinTime(async (changes) => {
        runs += 1;
        const slug = `lieu-${runs}`;
        await Promise.all([begin(commands.database, slug), begin(files.database, slug)]);
        const state = await expectSame(slug, []);
        const taken = new Set<string>();
        const made: Change[] = [];
        for (const one of changes) {
          // A file says what a thing is at last: the way there over two changes of it is not in it.
          const about = one.about.map(nameKey).filter((name) => name !== '');
          if (about.some((name) => taken.has(name))) continue;
          for (const name of about) taken.add(name);
          if ((await byCommand(slug, one)) === undefined) made.push(one);
        }
        const told = made.map(({ says }) => says);
        expect(await byFile(slug, made, state), told.join('\n')).toBe('');
        await expectSame(slug, told, 'in any order');
        // And it says all of it: nothing is left to be changed.
        const again = toFile(slug, await readPeople(files.database, slug));
        const { changes: left } = await applyText(files.database, JSON.stringify(again));
        expect(left, told.join('\n')).toEqual([]);
      }),
    ),
    BOUNDS,
  );
}, 60_000);
