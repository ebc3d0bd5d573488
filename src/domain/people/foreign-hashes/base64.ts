const LETTERS = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** The letters of crypt(3) for a number, the lowest six bits first. */
export function cryptLetters(value: number, count: number): string {
  return Array.from({ length: count }, (_, i) => LETTERS[(value >> (6 * i)) & 0x3f]).join('');
}

/** The six bits of a letter of crypt(3); -1 for any other. */
export function cryptBits(letter: string): number {
  return LETTERS.indexOf(letter);
}

/** Three bytes, the first one lowest, as four letters of crypt(3), as yescrypt and phpass write them. */
export function encodeCrypt(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const three = [...bytes.subarray(at, at + 3)];
    const value = three.reduce((sum, byte, i) => sum | (byte << (8 * i)), 0);
    text += cryptLetters(value, three.length + 1);
  }
  return text;
}

/** @returns undefined for what `encodeCrypt` never writes */
export function decodeCrypt(text: string): Buffer | undefined {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at += 4) {
    const four = [...text.slice(at, at + 4)].map(cryptBits);
    const value = four.reduce((sum, bits, i) => sum | (bits << (6 * i)), 0);
    for (let i = 0; i < four.length - 1; i += 1) bytes.push((value >> (8 * i)) & 0xff);
  }
  const decoded = Buffer.from(bytes);
  return encodeCrypt(decoded) === text ? decoded : undefined;
}

/** Base64, and passlib's form of it with `.` for `+`; with padding or without. */
export function decodeBase64(text: string): Buffer | undefined {
  if (!/^[A-Za-z0-9+/.]*={0,2}$/.test(text)) return undefined;
  const bare = text.replaceAll('.', '+').replace(/=+$/, '');
  return bare.length % 4 === 1 ? undefined : Buffer.from(bare, 'base64');
}

/** Base64 without padding, as PHC strings have it. */
export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '');
}

/** Base64 without padding and with `.` for `+`, as passlib has it. */
export function encodeAdaptedBase64(bytes: Uint8Array): string {
  return encodeBase64(bytes).replaceAll('+', '.');
}
