import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** What 256 bits, and 32, take in base 62. */
const LENGTH = { secret: 43, check: 6 };
/** So that whoever finds one in a file or a log knows what it is, and programs that look for such things, too. */
const PREFIX = 'trs_';

/** A fresh token of 256 bits. It has letters and digits only: a double click selects it whole. */
export function newApiToken(): string {
  const secret = PREFIX + digits(BigInt(`0x${randomBytes(32).toString('hex')}`), LENGTH.secret);
  return secret + checkOf(secret);
}

/** Whether a text can be a token of ours; what was cut or mistyped cannot, and nothing has to be looked up. */
export function isApiToken(text: string): boolean {
  if (!/^trs_[0-9A-Za-z]{49}$/.test(text)) return false;
  return checkOf(text.slice(0, -LENGTH.check)) === text.slice(-LENGTH.check);
}

function checkOf(secret: string): string {
  return digits(BigInt(crc32(secret)), LENGTH.check);
}

function digits(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; rest > 0n; rest /= 62n) text = DIGITS[Number(rest % 62n)] + text;
  return text.padStart(length, '0');
}
