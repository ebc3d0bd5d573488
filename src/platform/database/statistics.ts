/** Of fewer rows than these the planner makes no mistake that anybody would notice. */
const MANY = 1_000;

/**
 * Tells PostgreSQL's planner of many rows that a transaction writes. It thinks of a table what it last saw, which
 * for a new hub is nothing, until autovacuum comes by a minute or more later; meanwhile it reads all of the table for each row
 * that is asked for. What ANALYZE finds counts from the commit on for everybody, and at once in the transaction.
 */
export class Statistics {
  readonly #run: (sql: string) => Promise<unknown>;
  readonly #tables = new Map<string, { written: number; analysed: number }>();

  /** @param run runs a statement in the transaction */
  constructor(run: (sql: string) => Promise<unknown>) {
    this.#run = run;
  }

  /** Looks at a table each time that twice as much was written to it. */
  async wrote(table: string, rows: number): Promise<void> {
    const known = this.#tables.get(table) ?? { written: 0, analysed: 0 };
    known.written += rows;
    this.#tables.set(table, known);
    if (known.written >= MANY && known.written >= 2 * known.analysed) await this.#analyze([table]);
  }

  /** The last look, before the commit. */
  async settle(): Promise<void> {
    const stale = [...this.#tables].filter(
      ([, { written, analysed }]) => written >= MANY && written > 1.1 * analysed,
    );
    if (stale.length > 0) await this.#analyze(stale.map(([table]) => table));
  }

  async #analyze(tables: readonly string[]): Promise<void> {
    // Who waits for a lock here, behind a VACUUM or another load, may be waited for there.
    await this.#run(`ANALYZE (SKIP_LOCKED) ${tables.join(', ')}`);
    for (const table of tables) {
      const known = this.#tables.get(table);
      if (known !== undefined) known.analysed = known.written;
    }
  }
}
