import { hash, randomBytes } from 'node:crypto';

/** SHA-256 of a high-entropy token: what the database keeps instead of the token. */
export function tokenHash(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}

/** The same, in hexadecimal. */
export function tokenHashHex(token: string): string {
  return hash('sha256', token, 'hex');
}

/** A fresh token of 256 bits, base64url. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}
