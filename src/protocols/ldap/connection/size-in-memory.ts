/** Characters that a string keeps in two bytes each, and all its others with them. */
const WIDE = /[\u0100-\uffff]/;

/**
 * Bytes that data takes in memory, rather too many than too few: of a message that was read, this may be forty
 * times what it came in, since an empty set of a filter comes in two bytes. Of V8 on 64 bits.
 * @param value plain data: objects, arrays, strings, numbers and buffers, each in it once
 */
export function sizeInMemory(value: unknown): number {
  if (typeof value === 'string') return 24 + value.length * (WIDE.test(value) ? 2 : 1);
  if (typeof value !== 'object' || value === null) return 0;
  if (Buffer.isBuffer(value)) return 270 + value.length;
  const within: unknown[] = Array.isArray(value) ? value : Object.values(value);
  let size = Array.isArray(value) ? sizeOfArray(value.length) : 24 + 8 * within.length;
  for (const each of within) size += sizeInMemory(each);
  return size;
}

/** One that was filled piece by piece has room for half as many again, and 16. */
function sizeOfArray(length: number): number {
  return length === 0 ? 32 : 176 + 12 * length;
}
