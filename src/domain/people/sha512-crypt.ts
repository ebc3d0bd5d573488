import { createHash } from 'node:crypto';

/** The order in which the digest's bytes are written, three by three ("Unix crypt using SHA-256 and SHA-512", step 22). */
const ORDER = Array.from({ length: 21 }, (_, i) => {
  const triple = [i, i + 21, i + 42];
  return [triple[i % 3], triple[(i + 1) % 3], triple[(i + 2) % 3]] as [number, number, number];
});
const LETTERS = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

const sha512 = (...parts: Uint8Array[]) => {
  const hash = createHash('sha512');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/**
 * The SHA-512 of crypt(3), as U. Drepper's "Unix crypt using SHA-256 and SHA-512" says it.
 * @returns the 86 letters after the salt
 */
export function sha512Crypt(password: string, saltText: string, rounds: number): string {
  const key = Buffer.from(password);
  const salt = Buffer.from(saltText).subarray(0, 16);
  const b = sha512(key, salt, key);
  const parts: Uint8Array[] = [key, salt, fill(b, key.length)];
  for (let bits = key.length; bits > 0; bits >>= 1) parts.push(bits & 1 ? b : key);
  let c = sha512(...parts);
  const p = fill(sha512(...Array.from({ length: key.length }, () => key)), key.length);
  const s = fill(sha512(...Array.from({ length: 16 + (c[0] as number) }, () => salt)), salt.length);
  for (let round = 0; round < rounds; round += 1) {
    const isOdd = round % 2 === 1;
    const middle = [...(round % 3 === 0 ? [] : [s]), ...(round % 7 === 0 ? [] : [p])];
    c = sha512(isOdd ? p : c, ...middle, isOdd ? c : p);
  }
  return encode(c);
}

/** The bytes again and again, up to a length. */
function fill(bytes: Buffer, length: number): Buffer {
  return Buffer.alloc(length, bytes);
}

function encode(digest: Buffer): string {
  const at = (index: number) => digest[index] as number;
  const groups = ORDER.map(([x, y, z]) => letters((at(x) << 16) | (at(y) << 8) | at(z), 4));
  return groups.join('') + letters(at(63), 2);
}

function letters(value: number, count: number): string {
  return Array.from({ length: count }, (_, i) => LETTERS[(value >> (6 * i)) & 0x3f]).join('');
}
