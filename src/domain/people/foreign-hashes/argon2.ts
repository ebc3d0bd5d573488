import { verifySync } from '@node-rs/argon2';
import { normalForm } from '../../../platform/text/normal-form.ts';
import { bearable, STEP } from './cost.ts';
import { cutOrAltered, type ForeignHash, type HashFault } from './foreign-hash.ts';

/** `$argon2id$v=19$m=…,t=…,p=…$SALT$HASH`: Argon2 in PHC format, ours among others. */
export function readArgon2(text: string): ForeignHash | HashFault | undefined {
  if (!text.startsWith('$argon2')) return undefined;
  const match =
    /^\$(argon2(?:id|i|d))\$v=19\$m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,3})\$[A-Za-z0-9+/]{8,}\$[A-Za-z0-9+/]{14,}$/.exec(
      text,
    );
  const [memory = 0, passes = 0, lanes = 0] = match?.slice(2).map(Number) ?? [];
  // RFC 9106 section 3.1.
  if (match === null || lanes < 1 || passes < 1 || memory < 8 * lanes) {
    return cutOrAltered('Argon2 in PHC format');
  }
  return bearable(
    { text, family: match[1] as string, check: (password) => verify(text, password) },
    {
      nanoseconds: memory * passes * STEP.argon2,
      bytes: memory * 1_024,
      parameters: `m=${memory}, t=${passes}, p=${lanes}`,
    },
  );
}

/** Ours are of the normal form of what was typed; other systems' of what was typed. */
function verify(phc: string, password: string): boolean {
  const normal = normalForm(password, 'NFKC');
  return verifySync(phc, normal) || (normal !== password && verifySync(phc, password));
}
