import type { Database } from '../database/database.ts';
import { costOfRefusal, holdRefusalsTo } from './password.ts';

const EVERY_MS = 60_000;
/** What a busy machine adds to the dearest kind's cost, as it was measured. */
const MARGIN = { factor: 2, milliseconds: 50 };

/** As the index of them says it (0004-members), or each look would read every person. */
const IS_FOREIGN = `password_hash NOT LIKE '$argon2id$v=19$m=19456,t=2,p=1$%'`;
/** What a hash begins with as far as its cost goes. */
const KIND = String.raw`^(?:\{\w+\})?(?:\$argon2\w+\$v=\d+\$m=\d+,t=\d+,p=\d+|\$2.\$\d+|\$6\$(?:rounds=\d+)?|[a-z0-9_:-]+\$\d+)?`;

/** One of each kind of hash that is not ours: the longest, which is the dearest. */
export function foreignKinds({
  query,
}: Pick<Database, 'query'>): Promise<{ kind: string; hash: string }[]> {
  return query(
    `SELECT substring(password_hash FROM $1) AS kind,
       (array_agg(password_hash ORDER BY length(password_hash) DESC))[1] AS hash
     FROM persons WHERE ${IS_FOREIGN} GROUP BY 1`,
    [KIND],
  );
}

/**
 * Looks now and then which hashes of other systems there are, and has refusals take as long as the dearest
 * of them do on this machine.
 */
export async function watchForeignHashes(
  database: Pick<Database, 'query'>,
): Promise<{ stop(): void }> {
  const costs = new Map<string, number>();
  const costOf = async (kind: string, hash?: string) => {
    const cost = costs.get(kind) ?? (await costOfRefusal(hash));
    costs.set(kind, cost);
    return cost;
  };
  const look = async () => {
    const kinds = await foreignKinds(database);
    if (kinds.length === 0) return holdRefusalsTo(0);
    let dearest = await costOf('ours');
    for (const { kind, hash } of kinds) dearest = Math.max(dearest, await costOf(kind, hash));
    holdRefusalsTo(Math.ceil(dearest * MARGIN.factor + MARGIN.milliseconds));
  };
  await look();
  // While the database is away, what was known goes on.
  const timer = setInterval(() => void look().catch(() => {}), EVERY_MS).unref();
  return { stop: () => clearInterval(timer) };
}
