import { generateKeyPairSync } from 'node:crypto';
import {
  createLocalJWKSet,
  decodeProtectedHeader,
  importJWK,
  type JWK,
  jwtVerify,
  SignJWT,
} from 'jose';
import Provider from 'oidc-provider';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SettingsChange } from '../src/domain/communities/community-settings.ts';
import { ensureKeys } from '../src/domain/signing-keys/ensure-keys.ts';
import { rotateDueKeys } from '../src/domain/signing-keys/rotate-due-keys.ts';
import { rotateKeys } from '../src/domain/signing-keys/rotate-keys.ts';
import {
  listKeys,
  loadKeySet,
  loadSigningKey,
} from '../src/domain/signing-keys/signing-key-store.ts';
import { createSealer } from '../src/platform/secrets/sealer.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import * as factories from './support/factories.ts';

const DAY = 86_400_000;
const START = new Date('2026-01-01T00:00:00Z');
const after = (days: number) => new Date(+START + days * DAY);

const sealer = createSealer(['a-sealing-key-of-more-than-32-characters']);
let db: TestDatabase;

beforeAll(async () => {
  db = await cloneDatabase();
});
afterAll(() => db.drop());

async function buildCommunity(state: SettingsChange['state'] = 'active'): Promise<string> {
  return (await factories.buildCommunity(db.database, { state })).id;
}

async function keySet(communityId: string, now: Date) {
  const set = await loadKeySet(db.database, sealer, communityId, now);
  if (set === undefined) throw new Error('the community has no keys');
  return set;
}

/** What clients see: the published set, without private parts. */
async function published(communityId: string, now: Date) {
  const { jwks } = await keySet(communityId, now);
  return createLocalJWKSet({
    keys: jwks.map(
      ({ kty, kid, alg, n, e, crv, x, y }) => ({ kty, kid, alg, n, e, crv, x, y }) as JWK,
    ),
  });
}

/** Signs as the provider does: with the first key of the set that fits. */
async function sign(communityId: string, alg: string, now: Date): Promise<string> {
  const { jwks } = await keySet(communityId, now);
  const key = jwks.find((jwk) => jwk.alg === alg) as JWK;
  return new SignJWT({ sub: 'alice' })
    .setProtectedHeader({ alg, kid: key.kid as string })
    .sign(await importJWK(key, alg));
}

test('a community gets an RS256 and an ES256 key once, even when two processes ask at the same time', async () => {
  const id = await buildCommunity();
  expect(await loadKeySet(db.database, sealer, id, START)).toBeUndefined();
  await Promise.all([1, 2, 3].map(() => ensureKeys(db.database, sealer, id, START)));
  await ensureKeys(db.database, sealer, id, after(1));

  const { jwks, nextChangeAt } = await keySet(id, START);
  expect(jwks.map((jwk) => [jwk.alg, jwk.kty, jwk.use])).toEqual([
    ['RS256', 'RSA', 'sig'],
    ['ES256', 'EC', 'sig'],
  ]);
  expect(nextChangeAt).toBeUndefined();
  const events = await db.database.query(
    `SELECT type, actor, details FROM events WHERE community_id = $1 AND type <> 'community.created'`,
    [id],
  );
  expect(events).toEqual([
    { type: 'signing-keys.created', actor: 'hub', details: { kids: jwks.map((jwk) => jwk.kid) } },
  ]);
});

test('the stored key opens with the sealing key of this hub, in its own row, and nowhere else', async () => {
  const [one, other] = [await buildCommunity(), await buildCommunity()];
  await ensureKeys(db.database, sealer, one, START);
  const rows = await db.database.query<{ row: string }>(
    'SELECT row_to_json(k)::text AS row FROM signing_keys k WHERE community_id = $1',
    [one],
  );
  const { jwks } = await keySet(one, START);
  for (const jwk of jwks) expect(JSON.stringify(rows)).not.toContain(jwk.d);

  const stranger = createSealer(['another sealing key, of 32 characters or more']);
  await expect(loadKeySet(db.database, stranger, one, START)).rejects.toThrow(/TROUSSEAU_SECRET/);
  // As nobody would copy them but somebody who has the database.
  await db.database.query(
    `INSERT INTO signing_keys (community_id, kid, alg, public_jwk, sealed_private_jwk, activates_at)
     SELECT $2, kid, alg, public_jwk, sealed_private_jwk, activates_at FROM signing_keys WHERE community_id = $1`,
    [one, other],
  );
  await expect(loadKeySet(db.database, sealer, other, START)).rejects.toThrow(/does not open/);
});

test('new keys are published a day before they sign, and what the old signed verifies for 30 days more', async () => {
  const id = await buildCommunity();
  await ensureKeys(db.database, sealer, id, START);
  const first = await sign(id, 'RS256', START);
  const { kids, activatesAt } = await rotateKeys(db.database, sealer, id, {
    now: after(10),
    actor: 'cli',
  });
  expect(kids).toHaveLength(2);
  expect(activatesAt).toEqual(after(11));

  const during = await keySet(id, after(10.5));
  expect(during.jwks.map((jwk) => jwk.alg)).toEqual(['RS256', 'ES256', 'RS256', 'ES256']);
  expect(during.jwks.slice(2).map((jwk) => jwk.kid)).toEqual(kids);
  expect(during.nextChangeAt).toEqual(after(11));
  const last = await sign(id, 'ES256', after(10.9));
  expect(kids).not.toContain(decodeProtectedHeader(last).kid);

  const changed = await keySet(id, after(11));
  expect(changed.jwks.slice(0, 2).map((jwk) => jwk.kid)).toEqual(kids);
  expect(changed.nextChangeAt).toEqual(after(41));
  expect((await loadSigningKey(db.database, sealer, id, 'ES256', after(11)))?.kid).toBe(kids[1]);
  const next = await sign(id, 'RS256', after(11));
  expect(decodeProtectedHeader(next).kid).toBe(kids[0]);

  for (const time of [10, 11, 40.9]) {
    await jwtVerify(first, await published(id, after(time)));
    await jwtVerify(last, await published(id, after(time)));
  }
  await jwtVerify(next, await published(id, after(50)));
  await expect(jwtVerify(first, await published(id, after(41)))).rejects.toThrow(
    /no applicable key/,
  );
  expect(await listKeys(db.database, id, after(41))).toHaveLength(2);
  const [event] = await db.database.query(
    `SELECT actor, details FROM events WHERE community_id = $1 AND type = 'signing-keys.rotated'`,
    [id],
  );
  expect(event).toEqual({
    actor: 'cli',
    details: { kids, mode: 'overlapping', activatesAt: activatesAt.toISOString() },
  });
});

test('a rotation asked for while one is under way changes nothing, and two at once make one pair', async () => {
  const id = await buildCommunity();
  await ensureKeys(db.database, sealer, id, START);
  const both = await Promise.all(
    [1, 2].map(() => rotateKeys(db.database, sealer, id, { now: after(1) })),
  );
  expect(both.map(({ kids }) => kids.length).sort()).toEqual([0, 2]);
  expect((await rotateKeys(db.database, sealer, id, { now: after(1.5) })).kids).toEqual([]);
  expect(await listKeys(db.database, id, after(2))).toHaveLength(4);
});

test('a rotation meant for old keys leaves alone those that were replaced since', async () => {
  const id = await buildCommunity();
  await ensureKeys(db.database, sealer, id, START);
  await rotateKeys(db.database, sealer, id, { now: after(1) });
  const late = await rotateKeys(db.database, sealer, id, { now: after(3), madeBefore: START });
  expect(late.kids).toEqual([]);
  expect(await listKeys(db.database, id, after(3))).toHaveLength(4);
});

test('an immediate rotation signs with the new keys at once and keeps the old published', async () => {
  const id = await buildCommunity();
  await ensureKeys(db.database, sealer, id, START);
  const old = await sign(id, 'RS256', START);
  await rotateKeys(db.database, sealer, id, { now: after(1) });
  const { kids } = await rotateKeys(db.database, sealer, id, {
    now: after(1.5),
    mode: 'immediately',
  });
  const { jwks } = await keySet(id, after(1.5));
  // The pair that was waiting never signed: it is gone.
  expect(jwks).toHaveLength(4);
  expect(jwks.slice(0, 2).map((jwk) => jwk.kid)).toEqual(kids);
  await jwtVerify(old, await published(id, after(31)));
});

test('after a withdrawal nothing that the leaked keys signed verifies', async () => {
  const id = await buildCommunity();
  await ensureKeys(db.database, sealer, id, START);
  const forged = await sign(id, 'ES256', START);
  await rotateKeys(db.database, sealer, id, { now: after(1), mode: 'withdraw' });
  await expect(jwtVerify(forged, await published(id, after(1)))).rejects.toThrow(
    /no applicable key/,
  );
  await jwtVerify(await sign(id, 'ES256', after(1)), await published(id, after(1)));
});

test('the schedule rotates each active community at 90 days, once, however many processes keep it', async () => {
  const [due, young, frozen] = [
    await buildCommunity(),
    await buildCommunity(),
    await buildCommunity('frozen'),
  ];
  await ensureKeys(db.database, sealer, due, START);
  await ensureKeys(db.database, sealer, frozen, START);
  await ensureKeys(db.database, sealer, young, after(1));
  const runs = await Promise.all(
    [1, 2, 3].map(() => rotateDueKeys(db.database, sealer, { now: after(90) })),
  );
  const rotated = runs.flat();
  expect(rotated.filter((id) => id === due)).toHaveLength(1);
  expect(rotated).not.toContain(young);
  expect(rotated).not.toContain(frozen);
  expect(await listKeys(db.database, due, after(90))).toHaveLength(4);
  expect(await rotateDueKeys(db.database, sealer, { now: after(90.5) })).not.toContain(due);
});

test('oidc-provider takes the set as it is', async () => {
  const id = await buildCommunity();
  await ensureKeys(db.database, sealer, id, START);
  await rotateKeys(db.database, sealer, id, { now: after(1) });
  const { jwks } = await keySet(id, after(1));
  expect(
    () => new Provider('https://login.example', { jwks: { keys: jwks as never } }),
  ).not.toThrow();
  // The same provider refuses what is no private key: the check above means something.
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  expect(
    () =>
      new Provider('https://login.example', {
        jwks: { keys: [publicKey.export({ format: 'jwk' })] as never },
      }),
  ).toThrow();
});
