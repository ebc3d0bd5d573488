import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkPassword, hashPassword } from '../src/domain/people/password.ts';
import { provePassword } from '../src/domain/people/prove-password.ts';
import { applyText } from './support/apply-text.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { PASSWORD_CHECKS } from './support/passwords.ts';

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
    for (const person of before)
      await provePassword(db.database, PASSWORD_CHECKS, person, PASSWORD);
    expect((await apply(BCRYPT)).changes).toEqual([]);
    for (const { passwordHash } of await persons()) {
      expect(await checkPassword(passwordHash, PASSWORD)).toEqual({
        matches: true,
        needsRehash: false,
      });
    }
  });

  it('is kept in one spelling, whichever way it is written, and is then the same', async () => {
    const bare = BCRYPT;
    const [nextcloud, dovecot] = [`1|${BCRYPT}`, `{BLF-CRYPT}${BCRYPT}`];
    const ldif = `userPassword:: ${Buffer.from(`{CRYPT}${BCRYPT}`).toString('base64')}`;
    await apply(nextcloud);
    for (const written of [bare, dovecot, ldif]) expect((await apply(written)).changes).toEqual([]);
    expect((await persons()).map(({ passwordHash }) => passwordHash)).toEqual([bare, bare]);
    // As it was kept before there was one spelling.
    await db.database.query('UPDATE persons SET password_hash = $1', [`{CRYPT}${BCRYPT}`]);
    expect((await apply(dovecot)).changes).toEqual([]);
  });

  it('that is refused is told with its place, and whether its kind or its cost is the matter', async () => {
    const told = (hash: string) =>
      apply(hash).then(
        () => '',
        (error: Error) => error.message,
      );
    expect(await told('{MD5}X03MO1qnZdYdgyfeuILPmQ==')).toMatch(
      /:2:\d+ operators\[0\]\.passwordHash: must be .* this one is of MD5 or MD4, .*: leave it out/,
    );
    expect(
      await told(
        '$6$rounds=99999999$saltsalt$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
      ),
    ).toMatch(
      /members\[0\]\.passwordHash: must be .* is of a known kind \(sha512-crypt \(\$6\$\)\), but with 99999999 rounds it costs too much/,
    );
    expect(await persons()).toEqual([]);
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
