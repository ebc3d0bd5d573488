import { argon2Sync } from 'node:crypto';
import { type Algorithm, hash, type Options } from '@node-rs/argon2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  checkPassword,
  evenOutRefusals,
  hashPassword,
  isPasswordHash,
  refusalsHeldTo,
} from '../src/domain/people/password.ts';
import { foreignKinds, watchForeignHashes } from '../src/domain/people/watch-foreign-hashes.ts';
import { buildLieu, ldapTo } from './ldap/support/directory.ts';
import { Browser } from './support/browser.ts';
import { type BuiltCommunity, buildCommunity, buildMember } from './support/factories.ts';
import { startHub, type TestHub } from './support/hub.ts';

const CHAT = 'le chat dort sur la table';
const CAFE = 'un café noir, merci';

/** Made by the systems themselves: PHP, OpenSSL, Python's hashlib as Django and Keycloak use PBKDF2. */
const HASHES: [name: string, hash: string, password: string][] = [
  ['bcrypt', '$2y$10$7KGyMsLQ4QtE.9IJzV8If.tnBASz4F5LnVh1VoRu95u.P.RptZ6QK', CHAT],
  [
    'bcrypt in {CRYPT}',
    '{CRYPT}$2y$10$7KGyMsLQ4QtE.9IJzV8If.tnBASz4F5LnVh1VoRu95u.P.RptZ6QK',
    CHAT,
  ],
  ['{SSHA}', '{SSHA}RZWbOraVlajpAddfkHPL3G5+OvlzYWx0MTIzNA==', CAFE],
  [
    '{SSHA512}',
    '{SSHA512}cLc7A+gZkeVW59NgO58X2Ff+9F7X87H6SW7IOF2MENIKo90oM1VV8v/3emhXmqagGqO3KjOxVvcBAKZy/gwX9HNhbHQxMjM0',
    CAFE,
  ],
  [
    'sha512-crypt',
    '$6$abcdefgh$5dQQ4v//LXWQVGwS4UKOtrY.qi9z7aeZUWoDyDEf0WyFEkGFGwO614AHZk4dRaoNG8ocoSKz0YYcqVEJjJc6S.',
    CAFE,
  ],
  [
    'sha512-crypt in {CRYPT}',
    '{CRYPT}$6$abcdefgh$5dQQ4v//LXWQVGwS4UKOtrY.qi9z7aeZUWoDyDEf0WyFEkGFGwO614AHZk4dRaoNG8ocoSKz0YYcqVEJjJc6S.',
    CAFE,
  ],
  [
    "sha512-crypt with rounds (the specification's own example)",
    '$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.',
    'Hello world!',
  ],
  ['Django', 'pbkdf2_sha256$600000$seasalt$VG0++aAUF78ZQlBYAtmSBCiweUBmsZFtVsLKhFf73ak=', CHAT],
  [
    'Keycloak',
    'keycloak:pbkdf2-sha512$210000$MDEyMzQ1Njc4OWFiY2RlZg==$Sj7gVlSLN/nYx9PreedD5QFzeyBIJng4dQOEaSYM1f6gxdyhjG2VMrnd2hpUcukzNsOwKWdMP34VPLCNekdG8A==',
    CHAT,
  ],
];

const OURS = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/;

let hub: TestHub;
let community: BuiltCommunity;
beforeAll(async () => {
  hub = await startHub({ TROUSSEAU_LDAP_LISTEN: '127.0.0.1:0', TROUSSEAU_ROLES: 'web,ldap' });
  community = await buildCommunity(hub.database);
});
afterAll(async () => {
  evenOutRefusals(0);
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
  it.each(HASHES)('%s: the right password fits and no other', async (_name, hash, password) => {
    expect(isPasswordHash(hash)).toBe(true);
    expect(await checkPassword(hash, password)).toEqual({ matches: true, needsRehash: true });
    for (const wrong of [`${password}x`, '', password.toUpperCase()]) {
      expect(await checkPassword(hash, wrong)).toEqual({ matches: false, needsRehash: false });
    }
  });

  it.each(HASHES)('%s: becomes ours at the first right sign-in', async (_name, hash, password) => {
    const member = await memberWith(hash);
    await signIn(member.username, 'not this one');
    expect(await storedHash(member.personId)).toBe(hash);
    const page = await signIn(member.username, password);
    expect(page.document.querySelector('#login-form')).toBeNull();
    expect(await storedHash(member.personId)).toMatch(OURS);
    expect(
      (await signIn(member.username, password)).document.querySelector('#login-form'),
    ).toBeNull();
  });

  it('is replaced when an operator signs in with it, too', async () => {
    const { personId, username } = await memberWith(HASHES[0]?.[1] as string);
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
    const [, hash, password] = HASHES[2] as (typeof HASHES)[0];
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
    '',
    'plain text',
    '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=',
    '{MD5}X03MO1qnZdYdgyfeuILPmQ==',
    '$1$abcdefgh$G//4keteveJp0qb8z2DxG/',
    '$2b$31$abcdefghijklmnopqrstuu8Uzu6Y7s1Cp3fLs7bG7cHBZPX9V9X9K',
    'pbkdf2_sha256$99999999$seasalt$iVwFYM3KqLSJSV2zq1BS4S3PqVJBxDgY1ZPqnkKRqj0=',
    'keycloak:pbkdf2-sha512$99999999$MDEy$MDEyMzQ1Njc4OWFiY2RlZg==',
    '$6$rounds=999999999$saltsalt$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
    `{SSHA}${'A'.repeat(2000)}`,
    '$argon2id$v=19$m=262144,t=10,p=8$c2VsIGRlIGd1ZXJhbmRlIQ$3u7u7g7T2x9pQd1Zr0bqLrV0Q4mY1sWkq5y0y3m7w8A',
  ])('%j is not taken: it is none, too weak, or costs too much', async (hash) => {
    expect(isPasswordHash(hash)).toBe(false);
  });
});

describe('while there are such hashes', () => {
  const argon2 = (password: string, parameters: Options) =>
    hash(password, { algorithm: 2 as Algorithm.Argon2id, ...parameters });
  const waited = async (against: string | null) => {
    const started = performance.now();
    await checkPassword(against, 'not this one');
    return performance.now() - started;
  };

  it('the hub knows of each kind, and knows when the last one is gone', async () => {
    const others = "password_hash NOT LIKE '$argon2id$v=19$m=19456,t=2,p=1$%'";
    await hub.database.query(`UPDATE persons SET password_hash = NULL WHERE ${others}`);
    expect(await foreignKinds(hub.database)).toEqual([]);
    for (const [, hash] of HASHES) await memberWith(hash);
    await memberWith(await argon2(CHAT, { memoryCost: 65_536, timeCost: 3, parallelism: 4 }));
    const kinds = (await foreignKinds(hub.database)).map(({ kind }) => kind).sort();
    expect(kinds).toEqual([
      '$2y$10',
      '$6$',
      '$6$rounds=10000',
      '$argon2id$v=19$m=65536,t=3,p=4',
      'keycloak:pbkdf2-sha512$210000',
      'pbkdf2_sha256$600000',
      '{CRYPT}$2y$10',
      '{CRYPT}$6$',
      '{SSHA512}',
      '{SSHA}',
    ]);
    await hub.database.query(`UPDATE persons SET password_hash = NULL WHERE ${others}`);
    expect(await foreignKinds(hub.database)).toEqual([]);
  });

  it('refusals are held to what the dearest kind takes; no longer when the last one is gone', async () => {
    const dear = await argon2(CHAT, { memoryCost: 65_536, timeCost: 3, parallelism: 1 });
    const { personId } = await memberWith(dear);
    (await watchForeignHashes(hub.database)).stop();
    const floor = refusalsHeldTo();
    expect(floor).toBeGreaterThan(50);
    for (const hash of [null, dear, await hashPassword(CHAT)]) {
      expect(await waited(hash)).toBeGreaterThanOrEqual(floor - 2);
    }
    await hub.database.query('UPDATE persons SET password_hash = NULL WHERE id = $1', [personId]);
    (await watchForeignHashes(hub.database)).stop();
    expect(refusalsHeldTo()).toBe(0);
  });

  it('tries sent at once wait for each other alike, whatever the hash', async () => {
    const dear = await argon2(CHAT, { memoryCost: 65_536, timeCost: 6, parallelism: 1 });
    const ours = await hashPassword(CHAT);
    evenOutRefusals(1, [{ kind: '$argon2id$v=19$m=65536,t=6,p=1', hash: dear }]);
    const together = async (against: string | null) => {
      const started = performance.now();
      await Promise.all(Array.from({ length: 4 }, () => checkPassword(against, 'not this one')));
      return performance.now() - started;
    };
    const times: Record<string, number[]> = { nobody: [], ours: [], imported: [] };
    for (let round = 0; round < 5; round += 1) {
      times.nobody?.push(await together(null));
      times.ours?.push(await together(ours));
      times.imported?.push(await together(dear));
    }
    evenOutRefusals(0);
    // The work of the decoys was a tenth of it before: a machine that is busy besides does not hide that.
    const least = Object.values(times).map((each) => Math.min(...each));
    expect(Math.max(...least) / Math.min(...least)).toBeLessThan(2);
  });

  it('a refusal is not answered before the floor, whatever the hash; a right password is', async () => {
    evenOutRefusals(400);
    const [, cheap, password] = HASHES[2] as (typeof HASHES)[0];
    const ours = await hashPassword(CHAT);
    // Timers count whole milliseconds.
    for (const hash of [null, cheap, ours]) expect(await waited(hash)).toBeGreaterThanOrEqual(398);
    expect((await checkPassword(cheap, password)).matches).toBe(true);
    evenOutRefusals(0);
  });
});
