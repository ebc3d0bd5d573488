import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cancelDeletion, requestDeletion } from '../src/domain/account-deletion/delete-account.ts';
import { eraseDuePersons } from '../src/domain/account-deletion/erase-person.ts';
import { applyText, HUB } from './support/apply-text.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';

/** Bob of the file, who asked for his account to be deleted. */
let db: TestDatabase;
let bob: { personId: string; communityId: string; subject: string };

beforeEach(async () => {
  db = await cloneDatabase();
  await apply(HUB);
  const [row] = await db.database.query<typeof bob>(
    `SELECT person_id AS "personId", community_id AS "communityId", subject FROM memberships WHERE username = 'bob'`,
  );
  bob = row as typeof bob;
  await db.database.transaction((tx) =>
    requestDeletion(tx, bob.personId, { ...bob, issuerUrl: 'https://hub.example/c/lamyne' }),
  );
});
afterEach(() => db.drop());

const apply = (text: string, options = {}) => applyText(db.database, text, options);
const BOB = /name: Bob,/;
const withStatus = (status: string) => HUB.replace(BOB, `name: Bob, status: ${status},`);

async function membership() {
  const [row] = await db.database.query(
    'SELECT status, status_reason AS reason, username FROM memberships WHERE subject = $1',
    [bob.subject],
  );
  return row;
}

describe('the declarative file, while somebody waits for their account to be deleted', () => {
  it.each(['active', 'suspended'])('does not bring them back by "status: %s"', async (status) => {
    const first = await apply(withStatus(status));
    expect(await membership()).toMatchObject({ status: 'suspended', reason: 'deletion' });
    expect(first.notes.join().includes('bob asked for')).toBe(status === 'active');
    expect((await apply(withStatus(status))).changes).toEqual([]);
    await db.database.transaction((tx) => cancelDeletion(tx, bob.personId));
    expect(await membership()).toMatchObject({ status: 'active', reason: null });
  });

  it('lets them leave for good by "status: left", and come back then by "status: active"', async () => {
    await apply(withStatus('left'));
    expect(await membership()).toMatchObject({ status: 'left', reason: null });
    await apply(withStatus('active'));
    expect(await membership()).toMatchObject({ status: 'active' });
    const fortnight = new Date(Date.now() + 15 * 86_400_000);
    expect(
      await eraseDuePersons(db.database, new URL('https://hub.example'), { now: fortnight }),
    ).toBe(0);
  });

  it('takes them away with --prune like anybody who is not named', async () => {
    await apply(HUB.replace(/^.*name: Bob,.*\n/m, ''), { prune: true });
    expect(await membership()).toMatchObject({ status: 'left', reason: null });
  });
});
