import { argon2Sync } from 'node:crypto';
import { type Algorithm, hash, type Options } from '@node-rs/argon2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HashFault } from '../src/domain/people/foreign-hashes/foreign-hash.ts';
import { kindOf } from '../src/domain/people/foreign-hashes/hash-kind.ts';
import { readForeignHash } from '../src/domain/people/foreign-hashes/read-foreign-hash.ts';
import { createHashThreads } from '../src/domain/people/hash-threads.ts';
import { checkPassword, hashPassword, PASSWORD_MAX_BYTES } from '../src/domain/people/password.ts';
import { createPasswords, type Passwords } from '../src/domain/people/passwords.ts';
import { foreignKinds, watchForeignHashes } from '../src/domain/people/watch-foreign-hashes.ts';
import { createRefusalPace, type RefusalPace } from '../src/platform/throttles/refusal-pace.ts';
import { buildLieu, ldapTo } from './ldap/support/directory.ts';
import { Browser } from './support/browser.ts';
import { type BuiltCommunity, buildCommunity, buildMember } from './support/factories.ts';
import { CAFE, CHAT, VECTORS } from './support/foreign-hash-vectors.ts';
import { startHub, type TestHub } from './support/hub.ts';

const vector = (name: string) => {
  const found = VECTORS.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no vector is called ${name}`);
  return { password: CAFE, ...found };
};

/** One of each algorithm, for what takes a sign-in. */
const HASHES: [name: string, hash: string, password: string][] = [
  'bcrypt in {CRYPT}',
  '{SSHA} of Dovecot',
  'sha512-crypt',
  'sha256-crypt',
  'yescrypt of a lower cost',
  'PBKDF2 (sha256) of passlib',
  '{PBKDF2_SHA256} of 389ds and FreeIPA',
  'Argon2 of Keycloak',
  'scrypt of crypt(3)',
  'WordPress since 6.8, as its wp_hash_password calls PHP',
  '{SCRAM-SHA-256} of Dovecot',
].map((name) => [name, taken(vector(name).hash), vector(name).password]);

const MIGRATED: [name: string, hash: string, password: string] = [
  'bcrypt',
  '$2y$10$7KGyMsLQ4QtE.9IJzV8If.tnBASz4F5LnVh1VoRu95u.P.RptZ6QK',
  CHAT,
];
const SSHA = vector('{SSHA}').hash;

/** Its rounds take a tenth of a second: enough to be told from what else a processor does meanwhile. */
const DEAR_ENOUGH = vector('sha512-crypt of passlib').hash.replace('rounds=656000', 'rounds=40000');

/** Those that take a fifth of a second or more: of each family there is a cheaper one that refuses the wrong password. */
const DEAR = [
  'sha512-crypt of passlib',
  'sha256-crypt of passlib',
  'phpass ($P$) of passlib',
  'phpass ($H$) of passlib',
  'yescrypt of a higher cost',
  'yescrypt, as Debian and Ubuntu make it',
  'yescrypt without salt',
  'PBKDF2 (sha1) of Keycloak',
  'PBKDF2 (sha1) of Django',
  'PBKDF2 (sha256) of Django',
  'PBKDF2 of Werkzeug',
  'bcrypt of Django',
  'scrypt of Django',
  'scrypt of passlib',
  'Argon2 of Django',
];

/** As a hash is kept. */
function taken(given: string): string {
  const found = readForeignHash(given);
  if (found instanceof HashFault) throw new Error(found.words);
  return found.text;
}

const refusal = (given: string) => {
  const found = readForeignHash(given);
  return found instanceof HashFault ? found.words : undefined;
};

const OURS = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/;

let hub: TestHub;
let community: BuiltCommunity;
beforeAll(async () => {
  hub = await startHub(
    { TROUSSEAU_LDAP_LISTEN: '127.0.0.1:0', TROUSSEAU_ROLES: 'web,ldap' },
    undefined,
    { hashesAnew: true },
  );
  community = await buildCommunity(hub.database);
});
afterAll(async () => {
  await hub.stop();
});

const storedHash = async (personId: string) => {
  const [row] = await hub.database.query<{ hash: string }>(
    'SELECT password_hash AS hash FROM persons WHERE id = $1',
    [personId],
  );
  return row?.hash;
};

async function memberWith(hash: string) {
  const member = await buildMember(hub.database, community.id);
  await hub.database.query('UPDATE persons SET password_hash = $2 WHERE id = $1', [
    member.personId,
    hash,
  ]);
  return member;
}

async function signIn(username: string, password: string) {
  const visitor = new Browser();
  const page = await visitor.open(`${hub.url}/c/${community.slug}/login`);
  return visitor.submit(page, '#login-form', { username, password });
}

describe('a hash of another system', () => {
  it.each(VECTORS)(
    '$name: the right password fits, and no other where that takes no second',
    ({ name, hash, password = CAFE }) => {
      const found = readForeignHash(hash);
      if (found instanceof HashFault) throw new Error(found.words);
      expect(found.check(password)).toBe(true);
      if (!DEAR.includes(name)) expect(found.check(`${password}x`)).toBe(false);
      // It is kept in one spelling, which says the same as the one that was given.
      expect(readForeignHash(found.text)).toMatchObject({ text: found.text, family: found.family });
      // The dearest take a second of a processor, which a busy machine has to find first.
    },
    120_000,
  );

  it.each(HASHES)(
    '%s, as it is kept: fits the right password only',
    async (_name, hash, password) => {
      expect(await checkPassword(hash, password)).toEqual({ matches: true, needsRehash: true });
      for (const wrong of [password.toUpperCase(), '']) {
        expect(await checkPassword(hash, wrong)).toEqual({ matches: false, needsRehash: false });
      }
    },
  );

  it('of a normal form of our own is found by what was typed in another form', () => {
    const decomposed = CAFE.normalize('NFD');
    const argon2 = readForeignHash(vector('{ARGON2} of OpenLDAP').hash);
    const bcrypt = readForeignHash(vector('bcrypt of PHP').hash);
    if (argon2 instanceof HashFault || bcrypt instanceof HashFault) throw new Error('no hash');
    expect(argon2.check(decomposed)).toBe(true);
    expect(bcrypt.check(decomposed)).toBe(false);
  });

  it.each(HASHES)('%s: becomes ours at the first right sign-in', async (_name, hash, password) => {
    const member = await memberWith(hash);
    const page = await signIn(member.username, password);
    expect(page.document.querySelector('#login-form')).toBeNull();
    expect(await storedHash(member.personId)).toMatch(OURS);
    expect(
      (await signIn(member.username, password)).document.querySelector('#login-form'),
    ).toBeNull();
  });

  it('stays as it is when the password is wrong', async () => {
    const [, hash] = MIGRATED;
    const member = await memberWith(hash);
    await signIn(member.username, 'not this one');
    expect(await storedHash(member.personId)).toBe(hash);
  });

  it('is replaced when an operator signs in with it, too', async () => {
    const { personId, username } = await memberWith(MIGRATED[1]);
    await hub.database.query('INSERT INTO operators (person_id, email) VALUES ($1, $2)', [
      personId,
      `${username}@hub.example`,
    ]);
    const visitor = new Browser();
    const page = await visitor.open(`${hub.url}/operator/login`);
    const fields = { email: `${username}@hub.example`, password: CHAT };
    const console = await visitor.submit(page, '#login-form', fields);
    expect(console.url).toBe(`${hub.url}/operator`);
    expect(await storedHash(personId)).toMatch(OURS);
  });

  it('opens LDAP as well, and is replaced there', async () => {
    const lieu = await buildLieu(hub, { slug: 'venu-d-ailleurs' });
    const [hash, password] = [SSHA, CAFE];
    await hub.database.query(
      'UPDATE persons SET password_hash = $2 WHERE id = (SELECT person_id FROM memberships WHERE subject = $1)',
      [lieu.alice.subject, hash],
    );
    await hub.app.settle();
    const client = await ldapTo(hub);
    expect((await client.bind(lieu.dnOf(lieu.alice), password)).code).toBe(0);
    expect((await client.bind(lieu.dnOf(lieu.alice), `${password}x`)).code).toBe(49);
    client.close();
    const [alice] = await hub.database.query<{ personId: string }>(
      'SELECT person_id AS "personId" FROM memberships WHERE subject = $1',
      [lieu.alice.subject],
    );
    expect(await storedHash(alice?.personId as string)).toMatch(OURS);
  });

  it('argon2i of another system becomes ours, too', async () => {
    const salt = Buffer.from('sel de guerande!');
    const tag = argon2Sync('argon2i', {
      message: CHAT,
      nonce: salt,
      parallelism: 1,
      tagLength: 32,
      memory: 16_384,
      passes: 3,
    });
    const text = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');
    const hash = `$argon2i$v=19$m=16384,t=3,p=1$${text(salt)}$${text(Buffer.from(tag))}`;
    expect(await checkPassword(hash, CHAT)).toEqual({ matches: true, needsRehash: true });
  });

  it.each([
    ['', 'is no password hash of a kind that is known here'],
    ['plain text', 'is no password hash of a kind that is known here'],
    ['{SSHA}', 'begins like a hash of {SSHA}, but is cut'],
    [`{SSHA}${'A'.repeat(2000)}`, 'is no password hash'],
    ['$y$j9T$F5Jx5fExrKuPp53xLKQ..1$XZVQo61', 'begins like a hash of yescrypt, but is cut'],
    ['$2b$10$abcdefghijklmnopqrstuu', 'begins like a hash of bcrypt, but is cut'],
    ['$P$HTHjJ1bLq5Dy2kn9', 'begins like a hash of phpass ($P$), but is cut'],
    ['$pbkdf2-sha256$29000$k7I2$mDu0', 'begins like a hash of PBKDF2, but is cut'],
    ['$argon2id$v=19$m=65536,t=3$c2VsIGRlIGd1ZXJhbmRlIQ$3u7u7g7T2x9p', 'but is cut'],
    ['{"secretData":"{}","credentialData":"{}"}', "is JSON, but not a password of Keycloak's"],
    ['{"type":"password"', "is JSON, but not a password of Keycloak's"],
    [
      JSON.stringify({
        secretData: '{"value":"AAAA","salt":"AAAA"}',
        credentialData: '{"hashIterations":1,"algorithm":"mpc-bcrypt"}',
      }),
      'with the algorithm "mpc-bcrypt", which is not known here',
    ],
    ['{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=', 'is a digest without salt'],
    ['{SHA256.HEX}80faf8', 'is a digest without salt'],
    ['5f4dcc3b5aa765d61d8327deb882cf99', 'is a bare digest'],
    ['{MD5}X03MO1qnZdYdgyfeuILPmQ==', 'is of MD5 or MD4'],
    ['{SMD5}Pns2P1WOyQW0+z7+CB2XCzQuiyk=', 'is of MD5 or MD4'],
    ['{CRYPT}$1$abcdefgh$G//4keteveJp0qb8z2DxG/', 'is of MD5 or MD4'],
    ['md5$Ddg9Zbs5N1NqVX5l1dqNBX$24488844d26cdbc5ef79956637da4513', 'is of MD5 or MD4'],
    ['{CRAM-MD5}de4902bad792e602f45a30536ef1741a', 'is of MD5 or MD4'],
    ['{DES-CRYPT}H4Ck1CgupvUzc', 'is of an old kind'],
    ['{CRYPT}H4Ck1CgupvUzc', 'is of DES'],
    ['{PLAIN}un café noir, merci', 'is a password in clear: give it as "password" instead'],
    ['!$6$abcdefgh$5dQQ4v', "is a locked account's: take the ! or * away"],
    ['*', "is a locked account's"],
    ['$gy$j9T$F5Jx5fExrKuPp53xLKQ..1$oHmF02N5crfPjRbMJweHpUvVYgbLhNN.xmNthh5Tht8', 'is no'],
    ['$y$./U$abcd$2DC5Ki95.2KeJewcbRv25eX2puTBN3OA3ofwz1E/6c/', 'yescrypt with parameters'],
  ])('%j is refused for its kind, in words', (given, words) => {
    expect(refusal(given)).toContain(words);
  });

  it.each([
    ['$2b$31$abcdefghijklmnopqrstuu3rdQWrlPDxHfS6ux5eVcTxRMOBy/WMO', 'bcrypt', 'cost 31'],
    [
      'pbkdf2_sha256$99999999$seasalt$iVwFYM3KqLSJSV2zq1BS4S3PqVJBxDgY1ZPqnkKRqj0=',
      'PBKDF2 (sha256)',
      '99999999 iterations',
    ],
    [
      'keycloak:pbkdf2-sha512$99999999$MDEy$MDEyMzQ1Njc4OWFiY2RlZg==',
      'PBKDF2 (sha512)',
      '99999999 iterations',
    ],
    [
      '$6$rounds=999999999$saltsalt$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
      'sha512-crypt ($6$)',
      '999999999 rounds',
    ],
    [
      '$5$rounds=999999999$saltsalt$nznCu1fyxRuJWF1Na5pI1AAkqqYP37sE9D8OqnARaA/',
      'sha256-crypt ($5$)',
      '999999999 rounds',
    ],
    ['$P$SHTHjJ1bLq5Dy2kn9StgUFuI3WdFvlq', 'phpass ($P$)', '1073741824 rounds'],
    [
      '$argon2id$v=19$m=262144,t=10,p=8$c2VsIGRlIGd1ZXJhbmRlIQ$3u7u7g7T2x9pQd1Zr0bqLrV0Q4mY1sWkq5y0y3m7w8A',
      'argon2id',
      'm=262144, t=10, p=8',
    ],
    [
      '$argon2id$v=19$m=2097152,t=1,p=4$c2VsIGRlIGd1ZXJhbmRlIQ$3u7u7g7T2x9pQd1Zr0bqLrV0Q4mY1sWkq5y0y3m7w8A',
      'argon2id',
      'm=2097152, t=1, p=4 it costs too much: 2048 MiB of memory a try',
    ],
    [
      '$y$jFT$abcdefgh$Qy2Zq9BSNFdrDsHZv57a2TE.OfO2KTdXOgFbSQtiQdD',
      'yescrypt',
      'N=2^18, r=32, t=0 it costs too much: 1024 MiB of memory a try',
    ],
    [
      '$scrypt$ln=20,r=8,p=1$/98bA2CsFYKwVso5Z+wdYw$rFVE+P2AFU45hXJbAamShlmlCULUcL3ry9tYMXVHSJ4',
      'scrypt',
      'N=2^20, r=8, p=1 it costs too much: 1024 MiB of memory a try',
    ],
    [
      '{SCRAM-SHA-256}99999999,u1zqTQMdPm92jv6nQxnv4Q==,BGELUAipm8q3YJ0ZkPPTgwr2C/MU3IEfEFY2hsOC75g=,jPw1XKVBoiH7fBef3xJJSK6aBZ3RrN+F4C3BJ6TUHw0=',
      'SCRAM (sha256)',
      '99999999 iterations',
    ],
  ])('%j is refused for its cost, before any work', (given, family, parameters) => {
    expect(refusal(given)).toContain(`is of a known kind (${family}), but with ${parameters}`);
    expect(refusal(given)).toContain('it costs too much');
    expect(refusal(given)).toContain('trousseau member password');
  });

  it('that hashes the password in each round is not made dearer by a long one', () => {
    const dear = readForeignHash(DEAR_ENOUGH);
    if (dear instanceof HashFault) throw new Error('no hash');
    const used = (password: string) => {
      const before = process.cpuUsage();
      expect(dear.check(password)).toBe(false);
      const { user, system } = process.cpuUsage(before);
      return user + system;
    };
    // Seven times as much would be hashed, if all of it were.
    expect(used('x'.repeat(PASSWORD_MAX_BYTES))).toBeLessThan(4 * used('x'.repeat(40)));
  });
});

describe('while there are such hashes', () => {
  const argon2 = (password: string, parameters: Options) =>
    hash(password, { algorithm: 2 as Algorithm.Argon2id, ...parameters });
  let pace: RefusalPace;
  let passwords: Passwords;
  /** What was verified, in the order in which it was. */
  const verified: string[] = [];
  beforeAll(() => {
    pace = createRefusalPace();
    const threads = createHashThreads();
    const verify: typeof threads.verify = (against, password) => {
      verified.push(against);
      return threads.verify(against, password);
    };
    passwords = createPasswords({ threads: { ...threads, verify } });
  });
  afterAll(() => passwords.stop());

  const watchOnce = async () =>
    (await watchForeignHashes({ database: hub.database, passwords, pace })).stop();
  const check = async (against: string | null, password = 'not this one') => {
    const work = passwords.enter({ communityId: community.id, network: '192.0.2.1' });
    return work.check(against, password).finally(work.leave);
  };

  it('the hub knows of each kind, and knows when the last one is gone', async () => {
    const others = "password_hash NOT LIKE '$argon2id$v=19$m=19456,t=2,p=1$%'";
    await hub.database.query(`UPDATE persons SET password_hash = NULL WHERE ${others}`);
    expect(await foreignKinds(hub.database)).toEqual([]);
    const hashes = [
      MIGRATED[1],
      SSHA,
      vector('sha512-crypt').hash,
      vector('sha512-crypt of passlib').hash,
      vector('yescrypt, as Debian and Ubuntu make it').hash,
      vector('PBKDF2 (sha256) of passlib').hash,
      // As it was kept before there was one spelling.
      vector('PBKDF2 of Keycloak, in short').hash,
      await argon2(CHAT, { memoryCost: 65_536, timeCost: 3, parallelism: 4 }),
    ];
    for (const each of hashes) await memberWith(each);
    const kinds = (await foreignKinds(hub.database)).map(({ kind }) => kind).sort();
    expect(kinds).toEqual(hashes.map((each) => kindOf(each).kind).sort());
    expect(new Set(kinds).size).toBe(hashes.length);
    await hub.database.query(`UPDATE persons SET password_hash = NULL WHERE ${others}`);
    expect(await foreignKinds(hub.database)).toEqual([]);
  });

  it('a number of rounds of its own for each hash does not make each a kind: the dearest stands for all', async () => {
    const rounds = [30_011, 30_529, 29_871, 31_337, 28_123, 33_001];
    const hashes = rounds.map(
      (count) =>
        `$pbkdf2-sha256$${count}$k7I2RijFWAuBkJIyBuDcuw$mDu0HBB2GJVc1dFHREfRSVuAxnDaeOFpwxkgPpk/xaw`,
    );
    const people = [];
    for (const each of hashes) people.push((await memberWith(each)).personId);
    const kinds = await foreignKinds(hub.database);
    // They may lie on both sides of a power of two.
    expect(kinds.length).toBeLessThanOrEqual(2);
    expect(kinds.map(({ hash }) => hash)).toContain(hashes[5]);
    await hub.database.query('UPDATE persons SET password_hash = NULL WHERE id = ANY($1)', [
      people,
    ]);
  });

  it('refusals are held to what the dearest kind takes; no longer when the last one is gone', async () => {
    const dear = await argon2(CHAT, { memoryCost: 65_536, timeCost: 3, parallelism: 1 });
    const { personId } = await memberWith(dear);
    await watchOnce();
    const floor = pace.heldTo();
    expect(floor).toBeGreaterThan(50);
    for (const wait of [pace.keep, pace.pretend]) {
      const started = performance.now();
      await wait(started);
      // Timers count whole milliseconds.
      expect(performance.now() - started).toBeGreaterThanOrEqual(floor - 2);
    }
    await hub.database.query('UPDATE persons SET password_hash = NULL WHERE id = $1', [personId]);
    await watchOnce();
    expect(pace.heldTo()).toBe(0);
  });

  it('each refusal does the work of one hash of each kind, whatever the hash, and no right password more than its own', async () => {
    const theirs = await argon2(CHAT, { memoryCost: 8192, timeCost: 2, parallelism: 1 });
    const ours = await hashPassword(CHAT);
    const kindsOf = (hashes: readonly string[]) => hashes.map((each) => kindOf(each).kind).sort();
    passwords.imitate([
      { kind: kindOf(theirs).kind, hash: theirs },
      { kind: kindOf(SSHA).kind, hash: SSHA },
    ]);
    const all = kindsOf([ours, theirs, SSHA]);
    for (const against of [null, ours, theirs, SSHA]) {
      verified.length = 0;
      // Sent at once, they stand in line behind nothing but such work.
      await Promise.all(Array.from({ length: 4 }, () => check(against)));
      expect(kindsOf(verified)).toEqual(all.flatMap((kind) => Array(4).fill(kind)));
    }
    verified.length = 0;
    expect((await check(theirs, CHAT)).matches).toBe(true);
    expect((await check(ours, CHAT)).matches).toBe(true);
    expect(verified).toEqual([theirs, ours]);
    passwords.imitate([]);
  });

  it('a wrong bind is held up by every process, whoever is meant', async () => {
    const dear = await argon2(CHAT, { memoryCost: 65_536, timeCost: 3, parallelism: 1 });
    const { personId } = await memberWith(dear);
    const lieu = await buildLieu(hub, { slug: 'tenue' });
    await watchOnce();
    const twin = await hub.sibling();
    for (const name of [lieu.dnOf(lieu.alice), `uid=nobody,ou=people,${lieu.base}`, 'no name']) {
      const client = await ldapTo(twin);
      const started = performance.now();
      expect((await client.bind(name, 'not this one')).code).toBe(49);
      // It measured for itself, and the machine may have been busier here.
      expect(performance.now() - started).toBeGreaterThan(pace.heldTo() / 3);
      client.close();
    }
    await twin.stop();
    await hub.database.query('UPDATE persons SET password_hash = NULL WHERE id = $1', [personId]);
  });
});
