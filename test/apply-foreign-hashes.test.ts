import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkPassword, hashPassword } from '../src/domain/people/password.ts';
import { provePassword } from '../src/domain/people/prove-password.ts';
import { applyText } from './support/apply-text.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';

const BCRYPT = '$2y$10$7KGyMsLQ4QtE.9IJzV8If.tnBASz4F5LnVh1VoRu95u.P.RptZ6QK';
const PASSWORD = 'le chat dort sur la table';

let db: TestDatabase;
beforeEach(async () => {
  db = await cloneDatabase();
});
afterEach(() => db.drop());

const apply = (hash: string) =>
  applyText(
    db.database,
    `version: 1
operators: [{ email: ops@hub.example, passwordHash: ${JSON.stringify(hash)} }]
communities:
  - slug: lamyne
    name: La MYNE
    members: [{ username: alice, name: Alice, passwordHash: ${JSON.stringify(hash)} }]
`,
  );
const persons = () =>
  db.database.query<{ personId: string; passwordHash: string }>(
    'SELECT id AS "personId", password_hash AS "passwordHash" FROM persons ORDER BY id',
  );

describe('a hash of another system in the file', () => {
  it('is stored as it is, and does not come back once a sign-in has replaced it', async () => {
    await apply(BCRYPT);
    const before = await persons();
    expect(before.map(({ passwordHash }) => passwordHash)).toEqual([BCRYPT, BCRYPT]);
    expect((await apply(BCRYPT)).changes).toEqual([]);
    for (const person of before) await provePassword(db.database, person, PASSWORD);
    expect((await apply(BCRYPT)).changes).toEqual([]);
    for (const { passwordHash } of await persons()) {
      expect(await checkPassword(passwordHash, PASSWORD)).toEqual({
        matches: true,
        needsRehash: false,
      });
    }
  });

  it('gives way to another one of the same kind, and to one of ours', async () => {
    await apply(BCRYPT);
    const other = BCRYPT.replace('$2y$', '$2b$');
    expect((await apply(other)).changes).toHaveLength(2);
    const ours = await hashPassword('sept oignons et une brouette');
    expect((await apply(ours)).changes).toHaveLength(2);
    expect((await persons()).map(({ passwordHash }) => passwordHash)).toEqual([ours, ours]);
  });
});
