import { HashFault } from './foreign-hash.ts';

const WEAK =
  'which is quickly guessed from its hash, so that whoever has seen the old data has the password';

/** Kinds that are known, and not taken: how their texts look, and what to say of them. */
const REFUSED: readonly [pattern: RegExp, what: string, whatToDo?: string][] = [
  [
    /^\{(?:PLAIN|CLEAR|CLEARTEXT|PLAIN-TRUNC)(?:\.\w+)?\}/i,
    'is a password in clear',
    'give it as "password" instead',
  ],
  [
    /^[!*]/,
    "is a locked account's",
    'take the ! or * away, and give the member "status: suspended" if they are to stay out',
  ],
  [/^\{SHA(?:1|256|384|512)?(?:\.\w+)?\}/i, `is a digest without salt, ${WEAK}`],
  [/^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})$/i, `is a bare digest, ${WEAK}`],
  [
    /^(?:\{(?:S?MD5|PLAIN-MD[45]|LDAP-MD5|MD5-CRYPT|CRAM-MD5|DIGEST-MD5|HMAC-MD5|CRYPT-MD5|APR1)(?:\.\w+)?\}|\$1\$|\$apr1\$|\$md5[$,]|(?:unsalted_)?md5\$|\$3\$)/i,
    `is of MD5 or MD4, ${WEAK}`,
  ],
  [/^\{(?:DES-CRYPT|LANMAN|LM|NTLM|NT|NS-MTA-MD5|RPA)(?:\.\w+)?\}/i, `is of an old kind, ${WEAK}`],
  [/^(?:[./A-Za-z0-9]{13}|_[./A-Za-z0-9]{19})$/, `is of DES, ${WEAK}`],
  [/^(?:sha1|unsalted_sha1)\$/, `is a single digest of SHA-1, ${WEAK}`],
];

/** Of a kind that is not taken: why. */
export function readRefusedKind(text: string): HashFault | undefined {
  const found = REFUSED.find(([pattern]) => pattern.test(text));
  return found && new HashFault(found[1], found[2]);
}
