/** Few enough that neither a statement nor its answer weighs much, many enough that there are few of them. */
const BATCH = 2_000;

/** Runs work on a few thousand items at a time, so that no statement carries a whole city. */
export async function inBatches<Item>(
  items: readonly Item[],
  work: (batch: Item[]) => Promise<unknown>,
): Promise<void> {
  for (let start = 0; start < items.length; start += BATCH) {
    await work(items.slice(start, start + BATCH));
  }
}
