import type { Database } from '../../platform/database/database.ts';
import type { RefusalPace } from '../../platform/throttles/refusal-pace.ts';
import { kindOf } from './foreign-hashes/hash-kind.ts';
import type { ForeignKind, Passwords } from './passwords.ts';

const EVERY_MS = 60_000;
/** What a busy machine adds to the cost of a refusal, as it was measured. */
const MARGIN = { factor: 2, milliseconds: 50 };

/** As the index of them says it (0004-members), or each look would read every person. */
const IS_FOREIGN = `password_hash NOT LIKE '$argon2id$v=19$m=19456,t=2,p=1$%'`;
/**
 * What a hash begins with, up to its salt: so many rows are told apart by the database, as a regular expression
 * of PostgreSQL's. What it does not know is one of few.
 */
const BEGINNING = String.raw`^(?:\{[\w-]+\})?(?:(?:\$wp|bcrypt_sha256\$)?\$2.\$\d+|\$argon2\w+\$v=\d+\$m=\d+,t=\d+,p=\d+|\$[56]\$(?:rounds=\d+)?|\$y\$[^$]+|\$scrypt\$ln=\d+,r=\d+,p=\d+|\$[PHS]\$.|\$?[a-z0-9_:-]+\$\d+|\d+)?`;

/** One of each kind of hash that is not ours: the dearest. */
export async function foreignKinds({ query }: Pick<Database, 'query'>): Promise<ForeignKind[]> {
  const rows = await query<{ hash: string }>(
    `SELECT (array_agg(password_hash ORDER BY length(password_hash) DESC))[1] AS hash
     FROM persons WHERE ${IS_FOREIGN} GROUP BY substring(password_hash FROM $1)`,
    [BEGINNING],
  );
  const dearest = new Map<string, { hash: string; cost: number }>();
  for (const { hash } of rows) {
    const { kind, cost } = kindOf(hash);
    if (cost > (dearest.get(kind)?.cost ?? 0)) dearest.set(kind, { hash, cost });
  }
  return [...dearest].map(([kind, { hash }]) => ({ kind, hash }));
}

/**
 * Looks now and then which hashes of other systems there are, and has each refusal do the work of one of each
 * kind, and take as long.
 */
export async function watchForeignHashes({
  database,
  passwords,
  pace,
}: {
  database: Pick<Database, 'query'>;
  passwords: Pick<Passwords, 'costOfRefusal' | 'imitate'>;
  pace: Pick<RefusalPace, 'hold'>;
}): Promise<{ stop(): void }> {
  const costs = new Map<string, number>();
  const costOf = async (kind: string, hash?: string) => {
    const cost = costs.get(kind) ?? (await passwords.costOfRefusal(hash));
    costs.set(kind, cost);
    return cost;
  };
  const look = async () => {
    const kinds = await foreignKinds(database);
    let all = 0;
    if (kinds.length > 0) all = await costOf('ours');
    for (const { kind, hash } of kinds) all += await costOf(kind, hash);
    passwords.imitate(kinds);
    pace.hold(kinds.length === 0 ? 0 : Math.ceil(all * MARGIN.factor + MARGIN.milliseconds));
  };
  await look();
  // While the database is away, what was known goes on.
  const timer = setInterval(() => void look().catch(() => {}), EVERY_MS).unref();
  return { stop: () => clearInterval(timer) };
}
