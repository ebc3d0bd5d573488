import type { Transaction } from '../../platform/database/database.ts';
import { SealError, type Sealer } from '../../platform/secrets/sealer.ts';
import { SEALED_COLUMNS } from './sealed-values.ts';

/** How many values there are, and of those that do not open how many, and the first few by name. */
export type Survey = { total: number; lostCount: number; lost: string[] };

const BATCH = 1_000;
const MOST_NAMED = 50;

/** Opens everything that is sealed, a few at a time. */
export async function surveySealed(tx: Transaction, sealer: Sealer): Promise<Survey> {
  const survey: Survey = { total: 0, lostCount: 0, lost: [] };
  for (const { sql, context } of SEALED_COLUMNS) {
    await tx.query(`DECLARE sealed_values NO SCROLL CURSOR FOR ${sql}`);
    for (;;) {
      const rows = await tx.query<{ sealed: Buffer; what: string; ids: string[] }>(
        `FETCH ${BATCH} FROM sealed_values`,
      );
      if (rows.length === 0) break;
      survey.total += rows.length;
      for (const { sealed, what, ids } of rows) {
        if (opens(sealer, sealed, context(...ids))) continue;
        survey.lostCount += 1;
        if (survey.lost.length < MOST_NAMED) survey.lost.push(what);
      }
    }
    await tx.query('CLOSE sealed_values');
  }
  return survey;
}

/** Whether anything is sealed that a key made now could not open. */
export async function holdsSealed(tx: Transaction): Promise<boolean> {
  const some = SEALED_COLUMNS.map(({ sql }) => `EXISTS (${sql})`).join(' OR ');
  const [row] = await tx.query<{ some: boolean }>(`SELECT ${some} AS some`);
  return row?.some === true;
}

function opens(sealer: Sealer, sealed: Buffer, context: string): boolean {
  try {
    sealer.open(sealed, context);
    return true;
  } catch (error) {
    if (error instanceof SealError) return false;
    throw error;
  }
}
