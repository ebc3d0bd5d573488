import { hash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  APP_PASSWORDS_MAX,
  appPasswordHash,
  createAppPassword,
  generateAppPassword,
  revokeAppPassword,
  revokeAppPasswords,
} from '../src/domain/app-passwords/app-password.ts';
import { listAppPasswords } from '../src/domain/app-passwords/app-password-store.ts';
import { NotFoundError, RefusedError } from '../src/domain/errors.ts';
import { setMemberStatus } from '../src/domain/memberships/set-member-status.ts';
import { setPassword } from '../src/domain/memberships/set-password.ts';
import { checkPassword, hashPassword } from '../src/domain/people/password.ts';
import {
  generateReaderSecret,
  removeReader,
  setReaderSecret,
} from '../src/domain/services/reader.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { factories } from './support/domain.ts';

let db: TestDatabase;
let make: ReturnType<typeof factories>;
let communityId: string;
let serviceId: string;

beforeAll(async () => {
  db = await cloneDatabase();
  make = factories(db.database);
  communityId = await make.buildCommunity('lamyne');
  ({ serviceId } = await make.buildService(communityId, { slug: 'mail' }));
});
afterAll(() => db.drop());

function create(subject: string, values: { serviceId?: string; name?: string } = {}) {
  return db.database.transaction((tx) =>
    createAppPassword(
      tx,
      communityId,
      { subject, serviceId, name: 'phone', ...values },
      `member:${subject}`,
    ),
  );
}

async function events(subject: string, type: string) {
  return db.database.query(
    `SELECT type, actor, service_id, details FROM events WHERE subject = $1 AND type LIKE $2 ORDER BY id`,
    [subject, type],
  );
}

const code = (expected: string) => (error: unknown) =>
  error instanceof RefusedError && error.code === expected;

describe('an app password', () => {
  test('is 140 bits in seven groups, in letters and digits that nobody mistakes', () => {
    const made = Array.from({ length: 200 }, generateAppPassword);
    for (const secret of made) expect(secret).toMatch(/^[a-km-np-z2-9]{4}(-[a-km-np-z2-9]{4}){6}$/);
    expect(new Set(made).size).toBe(200);
    // 32 letters of 5 bits: every one of them turns up in 5,600.
    expect(new Set(made.join('').replaceAll('-', '')).size).toBe(32);
  });

  test('is the same in capitals, with spaces, with other dashes and with none', () => {
    const secret = generateAppPassword();
    const expected = hash('sha256', secret.replaceAll('-', ''), 'buffer');
    const spellings = [
      secret,
      secret.toUpperCase(),
      secret.replaceAll('-', ''),
      secret.replaceAll('-', ' '),
      ` ${secret.replaceAll('-', ' – ')}\n`,
      secret.replaceAll('-', '\u2011'),
    ];
    for (const typed of spellings) expect(appPasswordHash(typed), typed).toEqual(expected);
  });

  test('is not what has another length or other letters: nothing is hashed for it', () => {
    const secret = generateAppPassword();
    const others = [
      '',
      secret.slice(1),
      `${secret}a`,
      `l${secret.slice(1)}`,
      'a'.repeat(1_000_000),
    ];
    for (const typed of [...others, ' '.repeat(500) + secret]) {
      expect(appPasswordHash(typed)).toBeUndefined();
    }
  });

  test('is kept as its hash only, and is told of in the trail without the secret', async () => {
    const subject = await make.buildMember(communityId);
    const { id, secret } = await create(subject, { name: ' mail on my phone ' });
    const [row] = await db.database.query('SELECT * FROM app_passwords WHERE id = $1', [id]);
    expect(row).toMatchObject({
      subject,
      service_id: serviceId,
      name: 'mail on my phone',
      secret_hash: appPasswordHash(secret),
      last_used_at: null,
    });
    const told = await events(subject, 'app-password.%');
    expect(told).toEqual([
      {
        type: 'app-password.created',
        actor: `member:${subject}`,
        service_id: serviceId,
        details: { id, name: 'mail on my phone' },
      },
    ]);
  });

  test('is listed with its service and its last use, the newest first', async () => {
    const subject = await make.buildMember(communityId);
    const [first, second] = [
      await create(subject, { name: 'laptop' }),
      await create(subject, { name: 'phone' }),
    ];
    await db.database.query('UPDATE app_passwords SET last_used_at = now() WHERE id = $1', [
      first.id,
    ]);
    const listed = await listAppPasswords(db.database, communityId, subject);
    expect(listed).toMatchObject([
      { id: second.id, name: 'phone', service: 'mail', serviceId, lastUsedAt: null },
      { id: first.id, name: 'laptop', service: 'mail', lastUsedAt: expect.any(Date) },
    ]);
    expect(JSON.stringify(listed)).not.toContain('hash');
  });

  test('is revoked by its owner alone, once', async () => {
    const [subject, other] = [
      await make.buildMember(communityId),
      await make.buildMember(communityId),
    ];
    const { id } = await create(subject);
    const revoke = (whose: string) =>
      db.database.transaction((tx) =>
        revokeAppPassword(tx, communityId, { subject: whose, id }, 'cli'),
      );
    await expect(revoke(other)).rejects.toBeInstanceOf(NotFoundError);
    await revoke(subject);
    expect(await listAppPasswords(db.database, communityId, subject)).toEqual([]);
    await expect(revoke(subject)).rejects.toBeInstanceOf(NotFoundError);
    const told = await events(subject, 'app-password.revoked');
    expect(told).toMatchObject([{ actor: 'cli', service_id: serviceId, details: { id } }]);
  });

  test("goes with all of its owner's when a device was stolen", async () => {
    const [subject, other] = [
      await make.buildMember(communityId),
      await make.buildMember(communityId),
    ];
    for (const owner of [subject, subject, other]) await create(owner);
    const count = await db.database.transaction((tx) =>
      revokeAppPasswords(tx, communityId, subject, 'cli'),
    );
    expect(count).toBe(2);
    expect(await events(subject, 'app-password.revoked')).toHaveLength(2);
    expect(await listAppPasswords(db.database, communityId, other)).toHaveLength(1);
  });

  test("stays when the owner's own password changes, and when they are suspended", async () => {
    const subject = await make.buildMember(communityId, { passwordHash: 'a hash' });
    await create(subject);
    await db.database.transaction((tx) => setPassword(tx, communityId, subject, 'new', 'cli'));
    await db.database.transaction((tx) =>
      setMemberStatus(tx, communityId, subject, 'suspend', 'cli'),
    );
    expect(await listAppPasswords(db.database, communityId, subject)).toHaveLength(1);
  });

  test('goes with its service', async () => {
    const subject = await make.buildMember(communityId);
    const gone = await make.buildService(communityId);
    await create(subject, { serviceId: gone.serviceId });
    await db.database.query('DELETE FROM services WHERE id = $1', [gone.serviceId]);
    expect(await listAppPasswords(db.database, communityId, subject)).toEqual([]);
  });

  test('is not made without a name, for nobody, for no service, or for somebody who is not active', async () => {
    const subject = await make.buildMember(communityId);
    for (const name of ['', '  ', 'two\nlines', 'x'.repeat(101)]) {
      await expect(create(subject, { name }), name).rejects.toSatisfy(code('app-password-name'));
    }
    await expect(create(randomUUID())).rejects.toThrow('there is no member');
    await expect(create(subject, { serviceId: randomUUID() })).rejects.toThrow(
      'there is no service',
    );
    const waiting = await make.buildMember(communityId, { status: 'requested' });
    await expect(create(waiting)).rejects.toSatisfy(code('state'));
  });

  test('is one of a hundred at the most', async () => {
    const subject = await make.buildMember(communityId);
    for (let n = 1; n < APP_PASSWORDS_MAX; n += 1) await create(subject);
    await create(subject);
    await expect(create(subject)).rejects.toSatisfy(code('too-many-app-passwords'));
  });
});

describe('the secret of a reader', () => {
  test('is given, changed and taken away, each told in the trail', async () => {
    const { serviceId: id } = await make.buildService(communityId);
    const secrets = [generateReaderSecret(), generateReaderSecret()] as const;
    expect(secrets[0]).toMatch(/^[\w-]{43}$/);
    expect(secrets[0]).not.toBe(secrets[1]);
    for (const [index, secret] of secrets.entries()) {
      const hashed = await hashPassword(secret);
      const isNew = await db.database.transaction((tx) =>
        setReaderSecret(tx, communityId, id, hashed, 'cli'),
      );
      expect(isNew).toBe(index === 0);
      const [row] = await db.database.query(
        'SELECT password_hash FROM service_readers WHERE service_id = $1',
        [id],
      );
      expect((await checkPassword(row.password_hash, secret)).matches).toBe(true);
    }
    const remove = () => db.database.transaction((tx) => removeReader(tx, communityId, id, 'cli'));
    expect([await remove(), await remove()]).toEqual([true, false]);
    const told = await db.database.query(
      "SELECT type FROM events WHERE service_id = $1 AND type <> 'service.created' ORDER BY id",
      [id],
    );
    expect(told.map(({ type }) => type)).toEqual([
      'service.reader-created',
      'service.reader-secret-changed',
      'service.reader-removed',
    ]);
  });
});
