import { hash } from 'node:crypto';
import type { Queryable } from '../database/database.ts';

/**
 * Uses something up that counts once and that nothing else keeps: a WebAuthn challenge, a proof of work.
 * Of two processes that try at once, one is told yes.
 * @param expiresAt when the proof would be refused for its age anyway: it need not be remembered longer
 * @returns false when it was spent before
 */
export async function spendProof(
  db: Queryable,
  kind: string,
  proof: string,
  expiresAt: Date,
): Promise<boolean> {
  const rows = await db.query(
    `INSERT INTO spent_proofs (kind, proof_hash, expires_at) VALUES ($1, $2, $3)
     ON CONFLICT DO NOTHING RETURNING 1`,
    [kind, hash('sha256', proof, 'buffer'), expiresAt],
  );
  return rows.length === 1;
}

/** Whether it was spent, and is not too old to be remembered. */
export async function isSpent(db: Queryable, kind: string, proof: string): Promise<boolean> {
  const rows = await db.query('SELECT 1 FROM spent_proofs WHERE kind = $1 AND proof_hash = $2', [
    kind,
    hash('sha256', proof, 'buffer'),
  ]);
  return rows.length > 0;
}
