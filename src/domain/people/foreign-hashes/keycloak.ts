import { z } from 'zod';
import { readArgon2 } from './argon2.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';
import { type ForeignHash, HashFault } from './foreign-hash.ts';
import { pbkdf2 } from './pbkdf2.ts';

/** Keycloak keeps them as JSON in a text; the admin's API and older exports as an object. */
const json = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (typeof value === 'string' ? parseOrNull(value) : value), schema);

const CREDENTIAL = z.object({
  secretData: json(z.object({ value: z.string(), salt: z.string() })),
  credentialData: json(
    z.object({
      hashIterations: z.number(),
      algorithm: z.string(),
      additionalParameters: z.record(z.string(), z.array(z.string())).optional(),
    }),
  ),
});

/**
 * A password of Keycloak's: `{"secretData": …, "credentialData": …}`, as it stands under `credentials` of a realm
 * that was exported; or what matters of it, `keycloak:ALGORITHM$ITERATIONS$SALT$HASH`.
 */
export function readKeycloak(text: string): ForeignHash | HashFault | undefined {
  const short = /^keycloak:(pbkdf2(?:-sha256|-sha512|))\$(\d{1,9})\$([^$]*)\$([^$]*)$/.exec(text);
  if (short !== null) {
    const [, algorithm = '', iterations, salt = '', value = ''] = short;
    return byAlgorithm({ algorithm, hashIterations: Number(iterations) }, { salt, value });
  }
  if (!/^\s*\{\s*"/.test(text)) return undefined;
  const found = CREDENTIAL.safeParse(parseOrNull(text));
  if (!found.success) {
    return new HashFault(
      "is JSON, but not a password of Keycloak's with secretData and credentialData",
      'take one object out of "credentials", whole, between single quotes',
    );
  }
  return byAlgorithm(found.data.credentialData, found.data.secretData);
}

type Data = z.output<typeof CREDENTIAL>;

function byAlgorithm(
  { algorithm, hashIterations, additionalParameters }: Data['credentialData'],
  secret: Data['secretData'],
): ForeignHash | HashFault {
  const [salt, value] = [decodeBase64(secret.salt), decodeBase64(secret.value)];
  switch (algorithm) {
    case 'pbkdf2':
      return pbkdf2('sha1', hashIterations, salt, value);
    case 'pbkdf2-sha256':
      return pbkdf2('sha256', hashIterations, salt, value);
    case 'pbkdf2-sha512':
      return pbkdf2('sha512', hashIterations, salt, value);
    case 'argon2': {
      const first = (name: string) => additionalParameters?.[name]?.[0] ?? '';
      const cost = `m=${first('memory')},t=${hashIterations},p=${first('parallelism')}`;
      const version = first('version') === '1.3' ? 19 : 16;
      const parts = [salt, value].map((bytes) => encodeBase64(bytes ?? Buffer.alloc(0)));
      const phc = `$argon2${first('type')}$v=${version}$${cost}$${parts.join('$')}`;
      return readArgon2(phc) as ForeignHash | HashFault;
    }
    default:
      return new HashFault(
        `is of Keycloak, with the algorithm ${JSON.stringify(algorithm.slice(0, 40))}, which is not known here`,
      );
  }
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
