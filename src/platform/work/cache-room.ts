type Room<Value> = { maxSize: number; sizeCalculation: (value: Value) => number };

/**
 * A bound for `LRUCache` by number. With its `max`, it would fill lists of that length at once, which takes a
 * good part of a start, and memory for what may never come.
 */
export function roomFor(entries: number): Room<unknown> {
  return { maxSize: entries, sizeCalculation: () => 1 };
}

/**
 * The same, by what they take together, too: each takes an equal part of the room, or more of it where it is larger.
 * @param room as `sizeOf` counts
 */
export function roomBySize<Value>(
  entries: number,
  room: number,
  sizeOf: (value: Value) => number,
): Room<Value> {
  const least = Math.ceil(room / entries);
  return { maxSize: room, sizeCalculation: (value) => Math.max(least, Math.ceil(sizeOf(value))) };
}
