import { randomInt } from 'node:crypto';
import { type Challenge, createChallenge, verifySolution } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import { z } from 'zod';
import type { Queryable } from '../database/database.ts';
import { spendProof } from '../secrets/replay-store.ts';
import type { Sealer } from '../secrets/sealer.ts';

/**
 * Proofs of work instead of a captcha (ALTCHA's format, version 2): who sends a form has let their machine
 * count for a moment, nobody has to prove to be human, and no third party is asked.
 */

/** Rounds of PBKDF2 for each number that is tried: a millisecond or two. */
const ROUNDS = 5_000;
/** The number to be found: between a tenth of a second and a second in all. */
const LOWEST = 100;
const HIGHEST = 300;
const MINUTES = 10;
const MAX_PAYLOAD = 4_000;

const PAYLOAD = z.object({
  challenge: z.object({
    parameters: z.looseObject({
      algorithm: z.literal('PBKDF2/SHA-256'),
      nonce: z.string().max(100),
      salt: z.string().max(100),
      cost: z.literal(ROUNDS),
      keyLength: z.number(),
      keyPrefix: z.string().max(100),
      // Without it the library would count once itself.
      keySignature: z.string().max(100),
      expiresAt: z.number(),
      data: z.record(z.string(), z.string()),
    }),
    signature: z.string().max(100),
  }),
  solution: z.object({
    counter: z.number(),
    derivedKey: z.string().max(100),
    time: z.number().optional(),
  }),
});

/** A challenge for a form of this community, good for ten minutes. */
export async function issueChallenge(sealer: Sealer, communityId: string): Promise<Challenge> {
  const [secrets] = secretsOf(sealer);
  return createChallenge({
    algorithm: 'PBKDF2/SHA-256',
    cost: ROUNDS,
    counter: randomInt(LOWEST, HIGHEST),
    deriveKey,
    expiresAt: new Date(Date.now() + MINUTES * 60_000),
    data: { community: communityId },
    ...secrets,
  });
}

/**
 * Whether a form came with a solved challenge of this community that was never used before, on any
 * process. Anything else, nothing included, is no.
 * @param payload base64 of the JSON that `challenge.js` makes
 */
export async function isSolved(
  parts: { database: Queryable; sealer: Sealer },
  communityId: string,
  payload: string | undefined,
): Promise<boolean> {
  const read = readPayload(payload);
  if (read?.challenge.parameters.data.community !== communityId) return false;
  const { challenge, solution } = read;
  for (const secrets of secretsOf(parts.sealer)) {
    const { verified } = await verifySolution({
      challenge,
      solution: { time: 0, ...solution },
      deriveKey,
      ...secrets,
    });
    if (!verified) continue;
    const expiresAt = new Date(challenge.parameters.expiresAt * 1000);
    return spendProof(parts.database, 'challenge', challenge.signature, expiresAt);
  }
  return false;
}

function readPayload(payload: string | undefined) {
  if (payload === undefined || payload === '' || payload.length > MAX_PAYLOAD) return undefined;
  try {
    return PAYLOAD.parse(JSON.parse(Buffer.from(payload, 'base64').toString('utf8')));
  } catch {
    return undefined;
  }
}

/** The newest first; while the secret is rotated, each process takes what the others gave. */
function secretsOf(sealer: Sealer) {
  const keys = sealer.derive('challenge-key');
  return sealer.derive('challenge').map((secret, index) => ({
    hmacSignatureSecret: secret,
    hmacKeySignatureSecret: keys[index] as string,
  }));
}
