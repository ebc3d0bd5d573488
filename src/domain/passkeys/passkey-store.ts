import type { Queryable, Transaction } from '../../platform/database/database.ts';
import { reasonNow, statusNow } from '../membership-standing.ts';
import type { Member } from '../memberships/member.ts';

/** A passkey as its owner sees it. */
export type Passkey = {
  id: string;
  rpId: string;
  name: string;
  transports: string[];
  /** base64url. */
  credentialId: string;
  /** Kept by a password manager on several devices, and not in one. */
  backupEligible: boolean;
  backedUp: boolean;
  createdAt: Date;
  lastUsedAt: Date | null;
};

/** What is checked when it is used. */
export type StoredPasskey = {
  id: string;
  personId: string;
  rpId: string;
  credentialId: string;
  publicKey: Buffer;
  backupEligible: boolean;
};

/** What a community knows of its owner: their membership. */
export type MemberOwner = { subject: string } & Pick<Member, 'status' | 'statusReason'>;

export type OperatorOwner = { operatorId: string; email: string };

export type NewPasskey = {
  personId: string;
  rpId: string;
  credentialId: Buffer;
  publicKey: Buffer;
  signCount: number;
  transports: string[];
  aaguid: string;
  backupEligible: boolean;
  backedUp: boolean;
  name: string;
};

const BASE64URL = `translate(encode(credential_id, 'base64'), E'+/=\\n', '-_')`;
const STORED = `k.id, k.person_id AS "personId", k.rp_id AS "rpId", ${BASE64URL} AS "credentialId",
       k.public_key AS "publicKey", k.backup_eligible AS "backupEligible"`;

export function listPasskeys(db: Queryable, personId: string): Promise<Passkey[]> {
  return db.query<Passkey>(
    `SELECT id, rp_id AS "rpId", name, transports, ${BASE64URL} AS "credentialId",
       backup_eligible AS "backupEligible", backed_up AS "backedUp",
       created_at AS "createdAt", last_used_at AS "lastUsedAt"
     FROM passkeys WHERE person_id = $1 ORDER BY created_at, id`,
    [personId],
  );
}

/** The passkey of an RP ID that an authenticator names, if its owner belongs to the community. */
export async function findMemberPasskey(
  db: Queryable,
  communityId: string,
  rpId: string,
  credentialId: string,
): Promise<(StoredPasskey & MemberOwner) | undefined> {
  const [row] = await db.query<StoredPasskey & MemberOwner>(
    `SELECT ${STORED}, m.subject, ${statusNow('m')} AS status, ${reasonNow('m')} AS "statusReason"
     FROM passkeys k JOIN memberships m ON m.person_id = k.person_id
     WHERE m.community_id = $1 AND k.rp_id = $2 AND k.credential_id = $3`,
    [communityId, rpId, Buffer.from(credentialId, 'base64url')],
    'find-member-passkey',
  );
  return row;
}

/** The same, if its owner is an operator of the hub. */
export async function findOperatorPasskey(
  db: Queryable,
  rpId: string,
  credentialId: string,
): Promise<(StoredPasskey & OperatorOwner) | undefined> {
  const [row] = await db.query<StoredPasskey & OperatorOwner>(
    `SELECT ${STORED}, o.id AS "operatorId", o.email
     FROM passkeys k JOIN operators o ON o.person_id = k.person_id
     WHERE k.rp_id = $1 AND k.credential_id = $2`,
    [rpId, Buffer.from(credentialId, 'base64url')],
  );
  return row;
}

/** @returns its id; undefined when the RP ID has such a credential already */
export async function insertPasskey(
  tx: Transaction,
  passkey: NewPasskey,
): Promise<string | undefined> {
  const [row] = await tx.query<{ id: string }>(
    `INSERT INTO passkeys (person_id, rp_id, credential_id, public_key, sign_count, transports, aaguid,
       backup_eligible, backed_up, name)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     ON CONFLICT ON CONSTRAINT uq_passkeys_credential DO NOTHING RETURNING id`,
    [
      passkey.personId,
      passkey.rpId,
      passkey.credentialId,
      passkey.publicKey,
      passkey.signCount,
      passkey.transports,
      passkey.aaguid,
      passkey.backupEligible,
      passkey.backedUp,
      passkey.name,
    ],
  );
  return row?.id;
}

/**
 * Notes a use. An authenticator that counts its signatures must count on: what is not beyond the last
 * one comes from a copy (WebAuthn level 3 section 6.1.1). Of two answers with one count, one is taken.
 * @returns false when the count went back, or the passkey is gone
 */
export async function touchPasskey(
  tx: Transaction,
  passkey: Pick<StoredPasskey, 'personId' | 'id'>,
  use: { signCount: number; backedUp: boolean },
): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE passkeys SET sign_count = $3, backed_up = $4, last_used_at = now()
     WHERE person_id = $1 AND id = $2 AND (sign_count < $3 OR (sign_count = 0 AND $3 = 0)) RETURNING 1`,
    [passkey.personId, passkey.id, use.signCount, use.backedUp],
  );
  return rows.length === 1;
}

/** @returns the name it had; undefined when the person has no such passkey */
export async function renamePasskey(
  tx: Transaction,
  personId: string,
  id: string,
  name: string,
): Promise<string | undefined> {
  const [row] = await tx.query<{ name: string }>(
    `WITH before AS (SELECT name FROM passkeys WHERE person_id = $1 AND id = $2 FOR UPDATE)
     UPDATE passkeys p SET name = $3 FROM before WHERE p.person_id = $1 AND p.id = $2 RETURNING before.name`,
    [personId, id, name],
  );
  return row?.name;
}

export async function deletePasskey(
  tx: Transaction,
  personId: string,
  id: string,
): Promise<{ name: string } | undefined> {
  const [row] = await tx.query<{ name: string }>(
    'DELETE FROM passkeys WHERE person_id = $1 AND id = $2 RETURNING name',
    [personId, id],
  );
  return row;
}
