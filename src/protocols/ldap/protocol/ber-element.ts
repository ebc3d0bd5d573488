/** Bytes of a tag and a length of the form `84 xx xx xx xx`. */
export const LONGEST_HEADER = 6;

/** Tag, shortest length, contents. */
export function encodeElement(tag: number, contents: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(LONGEST_HEADER + contents.length);
  const at = writeHeader(bytes, 0, tag, contents.length);
  bytes.set(contents, at);
  return bytes.subarray(0, at + contents.length);
}

/** Writes a tag and the shortest form of a length; gives the index after them. */
export function writeHeader(into: Buffer, at: number, tag: number, length: number): number {
  into[at++] = tag;
  if (length > 0x7f) {
    const size = length <= 0xff ? 1 : length <= 0xffff ? 2 : length <= 0xffffff ? 3 : 4;
    into[at++] = 0x80 | size;
    for (let shift = (size - 1) * 8; shift > 0; shift -= 8) into[at++] = length >>> shift;
  }
  into[at++] = length;
  return at;
}
