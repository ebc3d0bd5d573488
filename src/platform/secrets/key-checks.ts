import type { Queryable } from '../database/database.ts';
import { SealError, type Sealer } from './sealer.ts';

/** Values sealed for nothing but to be opened, one for each key that has sealed anything here, by its id. */
export type KeyChecks = Record<string, { sealed: string; since: string }>;

/** How the configured keys stand to those that the database was sealed with. */
export type KeyStanding = {
  /** Ids of keys that are configured, and of those that are missing. */
  known: string[];
  missing: string[];
  /** Whether what is sealed from now on is sealed with a key that the database knows. */
  sealsWithKnown: boolean;
};

const SETTING = 'key-checks';
const PLAIN = 'trousseau';

export async function readKeyChecks(db: Queryable): Promise<KeyChecks> {
  const [row] = await db.query<{ value: KeyChecks }>(
    'SELECT value FROM hub_settings WHERE key = $1',
    [SETTING],
  );
  return row?.value ?? {};
}

export async function writeKeyChecks(db: Queryable, checks: KeyChecks): Promise<void> {
  await db.query(
    `INSERT INTO hub_settings (key, value) VALUES ($1, $2)
     ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, updated_at = now()`,
    [SETTING, JSON.stringify(checks)],
  );
}

/** A check for the key that seals now. */
export function newKeyCheck(sealer: Sealer, now = new Date()): KeyChecks {
  const id = sealer.keyIds[0] as string;
  const sealed = sealer.seal(PLAIN, contextOf(id)).toString('base64');
  return { [id]: { sealed, since: now.toISOString() } };
}

export function compareKeys(checks: KeyChecks, sealer: Sealer): KeyStanding {
  const ids = Object.keys(checks);
  const known = ids.filter((id) => opens(checks[id] as KeyChecks[string], id, sealer));
  return {
    known,
    missing: ids.filter((id) => !known.includes(id)),
    sealsWithKnown: known.includes(sealer.keyIds[0] as string),
  };
}

function opens({ sealed }: KeyChecks[string], id: string, sealer: Sealer): boolean {
  if (!sealer.keyIds.includes(id)) return false;
  try {
    return sealer.open(Buffer.from(sealed, 'base64'), contextOf(id)).toString() === PLAIN;
  } catch (error) {
    if (error instanceof SealError) return false;
    throw error;
  }
}

const contextOf = (id: string) => `key-check:${id}`;
