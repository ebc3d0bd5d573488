/**
 * The same text with memory of its own. A piece that was cut out of a longer text keeps all of that alive: what is
 * remembered by a name from an address would remember the address, 16 KB of it.
 */
export function ownCopy(text: string): string {
  return Buffer.from(text).toString();
}
