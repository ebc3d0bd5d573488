import { createHmac, hash, pbkdf2Sync, timingSafeEqual } from 'node:crypto';
import { decodeBase64 } from './base64.ts';
import { bearable, STEP } from './cost.ts';
import { cutOrAltered, type ForeignHash, type HashFault } from './foreign-hash.ts';

/** `{SCRAM-SHA-256}ITERATIONS,SALT,STOREDKEY,SERVERKEY` (RFC 5802), as Dovecot keeps it. */
export function readScram(text: string): ForeignHash | HashFault | undefined {
  const match = /^\{SCRAM-SHA-(1|256)\}(\d{1,9}),([^,]*),([^,]*),([^,]*)$/i.exec(text);
  if (match === null) return undefined;
  const algorithm = match[1] === '1' ? 'sha1' : 'sha256';
  const iterations = Number(match[2]);
  const length = algorithm === 'sha1' ? 20 : 32;
  const [salt, storedKey] = [decodeBase64(match[3] ?? ''), decodeBase64(match[4] ?? '')];
  if (salt === undefined || storedKey?.length !== length || iterations < 1) {
    return cutOrAltered('SCRAM');
  }
  return bearable(
    {
      text: `{SCRAM-SHA-${match[1]}}${text.slice(text.indexOf('}') + 1)}`,
      family: `SCRAM (${algorithm})`,
      check: (password) => {
        const salted = pbkdf2Sync(password, salt, iterations, length, algorithm);
        const clientKey = createHmac(algorithm, salted).update('Client Key').digest();
        return timingSafeEqual(hash(algorithm, clientKey, 'buffer'), storedKey);
      },
    },
    { nanoseconds: iterations * STEP.pbkdf2[algorithm], parameters: `${iterations} iterations` },
  );
}
