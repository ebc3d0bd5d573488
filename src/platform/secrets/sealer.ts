import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

/**
 * Seals what must be read back (signing keys, client secrets) with a key that is not in the database.
 * `context` names the place of the value (such as `client:COMMUNITY:SERVICE`) and is authenticated: a
 * sealed value copied to another row does not open there.
 */
export interface Sealer {
  /** Names of the keys, newest first, which tell nothing of them. */
  readonly keyIds: readonly string[];
  seal(plain: string | Buffer, context: string): Buffer;
  /** @throws SealError when no configured key opens the value in this context */
  open(sealed: Buffer, context: string): Buffer;
  /** Keys derived for one purpose (cookie signatures), newest first, base64url. */
  derive(purpose: string): string[];
  /** A keyed digest, for values that must be compared but not kept (throttle keys), hexadecimal. */
  digest(purpose: string, value: string): string;
}

export class SealError extends Error {
  override readonly name = 'SealError';
}

const VERSION = 1;

/** @param secrets the sealing keys, newest first: the first one seals, all of them open */
export function createSealer(secrets: readonly string[]): Sealer {
  if (secrets.length === 0) throw new SealError('no sealing key is configured');
  const keys = secrets.map((secret) => derive(secret, 'seal'));
  const digestKey = derive(secrets[0] as string, 'digest');
  return {
    keyIds: secrets.map((secret) => derive(secret, 'key-id').toString('hex').slice(0, 12)),
    seal(plain, context) {
      const iv = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', keys[0] as Buffer, iv);
      cipher.setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(plain), cipher.final()]);
      return Buffer.concat([Buffer.of(VERSION), iv, cipher.getAuthTag(), body]);
    },
    open(sealed, context) {
      if (sealed[0] !== VERSION || sealed.length < 29) throw new SealError('unknown sealed format');
      for (const key of keys) {
        const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 13));
        decipher.setAAD(Buffer.from(context));
        decipher.setAuthTag(sealed.subarray(13, 29));
        try {
          return Buffer.concat([decipher.update(sealed.subarray(29)), decipher.final()]);
        } catch {
          // Another key may open it.
        }
      }
      throw new SealError(
        'a sealed value does not open with the configured TROUSSEAU_SECRET; give the key it was sealed with, too',
      );
    },
    derive: (purpose) => secrets.map((secret) => derive(secret, purpose).toString('base64url')),
    digest: (purpose, value) =>
      createHmac('sha256', digestKey).update(`${purpose}\0${value}`).digest('hex'),
  };
}

function derive(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, 'trousseau', purpose, 32));
}
