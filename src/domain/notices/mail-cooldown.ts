import { hash } from 'node:crypto';
import type { Transaction } from '../../platform/database/database.ts';

/**
 * Whether a mail of this kind may go to an address again; if so, the next one waits for `minutes`. Of two
 * processes that ask at once, one is told yes. When the transaction fails it is as if nobody had asked.
 * It stands among the spent proofs, which have what it takes: a kind, a hash and an end.
 */
export async function startMailCooldown(
  tx: Transaction,
  kind: string,
  address: string,
  minutes: number,
): Promise<boolean> {
  const rows = await tx.query(
    `INSERT INTO spent_proofs AS s (kind, proof_hash, expires_at)
     VALUES ($1, $2, now() + $3 * interval '1 minute')
     ON CONFLICT (kind, proof_hash) DO UPDATE SET expires_at = EXCLUDED.expires_at
       WHERE s.expires_at <= now() RETURNING 1`,
    [kind, hash('sha256', address, 'buffer'), minutes],
  );
  return rows.length === 1;
}
