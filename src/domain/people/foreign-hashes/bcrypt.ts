import { createHmac, hash } from 'node:crypto';
import { verifySync } from '@node-rs/bcrypt';
import { bearable, STEP } from './cost.ts';
import { cutOrAltered, type ForeignHash, type HashFault } from './foreign-hash.ts';

/** What some systems hash in the password's place, by what they write before the hash. */
const PREPARED: Record<string, { family: string; prepare: (password: string) => string }> = {
  '': { family: 'bcrypt', prepare: (password) => password },
  /** WordPress 6.8: its `wp_hash_password`. */
  $wp: {
    family: 'bcrypt (WordPress)',
    prepare: (password) =>
      createHmac('sha384', 'wp-sha384')
        .update(password.replace(/^[ \n\r\t\v\0]+|[ \n\r\t\v\0]+$/g, ''))
        .digest('base64'),
  },
  /** Django's BCryptSHA256PasswordHasher. */
  bcrypt_sha256$: {
    family: 'bcrypt (Django)',
    prepare: (password) => hash('sha256', password, 'hex'),
  },
};

/** `$2a$`, `$2b$`, `$2y$`: bcrypt, of PHP, Ruby, Nextcloud, Mastodon and many others. */
export function readBcrypt(text: string): ForeignHash | HashFault | undefined {
  const match = /^(\$wp|bcrypt_sha256\$|)(\$2[aby]\$.*)$/s.exec(text);
  if (match === null) return undefined;
  const [, prefix = '', phc = ''] = match;
  const rounds = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(phc)?.[1];
  if (rounds === undefined || Number(rounds) < 4 || Number(rounds) > 31) {
    return cutOrAltered('bcrypt');
  }
  const { family, prepare } = PREPARED[prefix] as (typeof PREPARED)[''];
  return bearable(
    { text, family, check: (password) => verifySync(prepare(password), phc) },
    { nanoseconds: 2 ** Number(rounds) * STEP.bcrypt, parameters: `cost ${Number(rounds)}` },
  );
}
