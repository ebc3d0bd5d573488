import type { JWK } from 'jose';
import type { Queryable, Transaction } from '../../platform/database/database.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import { SIGNING_ALGS, type SigningAlg } from './signing-algs.ts';
import {
  type GeneratedKey,
  isActive,
  isRetired,
  isUpcoming,
  type SigningKey,
  signingKeyContext,
} from './signing-key.ts';

type SealedKey = SigningKey & { sealedPrivateJwk: Buffer };

const COLUMNS = `kid, alg, public_jwk AS "publicJwk", created_at AS "createdAt",
  activates_at AS "activatesAt", retires_at AS "retiresAt", expires_at AS "expiresAt"`;

/** Keys that are still published, oldest first, without their private parts. */
export function listKeys(db: Queryable, communityId: string, now = new Date()) {
  return db.query<SigningKey>(
    `SELECT ${COLUMNS} FROM signing_keys
     WHERE community_id = $1 AND (expires_at IS NULL OR expires_at > $2) ORDER BY created_at, alg`,
    [communityId, now],
  );
}

function listSealedKeys(db: Queryable, communityId: string, now: Date) {
  return db.query<SealedKey>(
    `SELECT ${COLUMNS}, sealed_private_jwk AS "sealedPrivateJwk" FROM signing_keys
     WHERE community_id = $1 AND (expires_at IS NULL OR expires_at > $2)`,
    [communityId, now],
  );
}

/** The key that signs now, with its private part still sealed. */
async function findActiveKey(
  db: Queryable,
  communityId: string,
  alg: SigningAlg,
  now: Date,
): Promise<SealedKey | undefined> {
  const [key] = await db.query<SealedKey>(
    `SELECT ${COLUMNS}, sealed_private_jwk AS "sealedPrivateJwk" FROM signing_keys
     WHERE community_id = $1 AND alg = $2 AND activates_at <= $3
       AND (retires_at IS NULL OR retires_at > $3)
     ORDER BY activates_at DESC LIMIT 1`,
    [communityId, alg, now],
  );
  return key;
}

/** @throws SealError when no configured sealing key opens it */
function openPrivateJwk(sealer: Sealer, communityId: string, key: SealedKey): JWK {
  const plain = sealer.open(key.sealedPrivateJwk, signingKeyContext(communityId, key.kid));
  return JSON.parse(plain.toString());
}

export type KeySet = {
  /**
   * Private JWKs, all to be published, in the order in which a signer may take the first that fits:
   * those that sign now, those that will, those that did and may still be met.
   */
  jwks: JWK[];
  /**
   * When the set must be loaded anew: a key begins or ceases to sign, or to be published. May be
   * further away than a timer reaches. Undefined when nothing is due.
   */
  nextChangeAt: Date | undefined;
};

/** What a community publishes and signs with; undefined until `ensureKeys` was called. */
export async function loadKeySet(
  db: Queryable,
  sealer: Sealer,
  communityId: string,
  now = new Date(),
): Promise<KeySet | undefined> {
  const rows = await listSealedKeys(db, communityId, now);
  if (SIGNING_ALGS.some((alg) => !rows.some((key) => key.alg === alg && !isRetired(key, now)))) {
    return undefined;
  }
  rows.sort((a, b) => rank(a, now) - rank(b, now) || +b.activatesAt - +a.activatesAt);
  const changes = rows
    .flatMap((key) => [key.activatesAt, key.retiresAt, key.expiresAt])
    .filter((time) => time !== null && time > now)
    .map(Number);
  return {
    jwks: rows.map((key) => openPrivateJwk(sealer, communityId, key)),
    nextChangeAt: changes.length > 0 ? new Date(Math.min(...changes)) : undefined,
  };
}

function rank(key: SigningKey, now: Date): number {
  const state = isActive(key, now) ? 0 : isUpcoming(key, now) ? 1 : 2;
  return state * SIGNING_ALGS.length + SIGNING_ALGS.indexOf(key.alg);
}

/** The private JWK that a community signs with now; undefined until `ensureKeys` was called. */
export async function loadSigningKey(
  db: Queryable,
  sealer: Sealer,
  communityId: string,
  alg: SigningAlg,
  now = new Date(),
): Promise<JWK | undefined> {
  const key = await findActiveKey(db, communityId, alg, now);
  return key && openPrivateJwk(sealer, communityId, key);
}

/** Changes of one community's keys take turns, between processes, until the transaction ends. */
export async function lockKeys(tx: Transaction, communityId: string): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('signing-keys:' || $1, 0))`, [
    communityId,
  ]);
}

export async function insertKey(
  tx: Transaction,
  sealer: Sealer,
  communityId: string,
  key: GeneratedKey,
  times: { createdAt: Date; activatesAt: Date },
): Promise<void> {
  const sealed = sealer.seal(
    JSON.stringify(key.privateJwk),
    signingKeyContext(communityId, key.kid),
  );
  await tx.query(
    `INSERT INTO signing_keys
       (community_id, kid, alg, public_jwk, sealed_private_jwk, created_at, activates_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [
      communityId,
      key.kid,
      key.alg,
      JSON.stringify(key.publicJwk),
      sealed,
      times.createdAt,
      times.activatesAt,
    ],
  );
}

/** The keys of an algorithm that have no successor yet sign until `retiresAt`. */
export async function retireKeys(
  tx: Transaction,
  communityId: string,
  alg: SigningAlg,
  times: { retiresAt: Date; expiresAt: Date },
): Promise<void> {
  await tx.query(
    `UPDATE signing_keys SET retires_at = $3, expires_at = $4
     WHERE community_id = $1 AND alg = $2 AND activates_at <= $3
       AND (retires_at IS NULL OR retires_at > $3)`,
    [communityId, alg, times.retiresAt, times.expiresAt],
  );
}

/** Takes back keys before they signed anything. */
export async function deleteUpcomingKeys(
  tx: Transaction,
  communityId: string,
  alg: SigningAlg,
  now: Date,
): Promise<void> {
  await tx.query(
    `DELETE FROM signing_keys WHERE community_id = $1 AND alg = $2 AND activates_at > $3`,
    [communityId, alg, now],
  );
}

/** Takes back every key of an algorithm: what they signed no longer verifies. */
export async function deleteKeys(
  tx: Transaction,
  communityId: string,
  alg: SigningAlg,
): Promise<void> {
  await tx.query(`DELETE FROM signing_keys WHERE community_id = $1 AND alg = $2`, [
    communityId,
    alg,
  ]);
}
