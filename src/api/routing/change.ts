import { hash } from 'node:crypto';
import {
  type AnsweredRequest,
  findAnswer,
  keepAnswer,
  takeRequest,
} from '../../domain/api-tokens/answer-store.ts';
import { sqlState, type Transaction } from '../../platform/database/database.ts';
import type { ApiAnswer, ApiInput, ApiParts, ApiRequest } from './api-route.ts';
import type { Caller } from './callers.ts';
import { ProblemError } from './problem.ts';

type Change = ApiInput<unknown>['change'];

/** Unique, exclusion, foreign key, serialisation, deadlock: somebody changed the same rows in the same moment. */
const AT_ONCE = ['23505', '23P01', '23503', '40001', '40P01'];

/**
 * Makes changes of one request, each in a transaction. A request that its sender gave a key
 * (draft-ietf-httpapi-idempotency-key-header) is answered once, with the change: of a process that dies in between
 * neither is kept, and of two at once one is made.
 * @param bytes of its body
 */
export function changesOf(
  parts: ApiParts,
  request: ApiRequest,
  { tokenId, bearer }: Caller,
  bytes: Buffer,
): Change {
  const key = keyOf(request);
  return async (work) => {
    const done = await guarded(() =>
      parts.database.transaction((tx) => {
        if (key === undefined) return work(tx);
        const asked = { tokenId, communityId: bearer.community?.id, key };
        return once(parts, tx, asked, hashOf(request, bytes), work);
      }),
    );
    await parts.settle();
    return done;
  };
}

/** @throws ProblemError for a key that is none */
function keyOf({ ctx }: ApiRequest): string | undefined {
  if (ctx.method !== 'POST') return undefined;
  const key = ctx.get('idempotency-key');
  if (key === '') return undefined;
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw new ProblemError(
    400,
    'bad-request',
    'the Idempotency-Key must have 1 to 255 characters of ASCII without spaces, such as a UUID',
  );
}

function hashOf({ ctx }: ApiRequest, bytes: Buffer): Buffer {
  const asked = Buffer.from(`${ctx.method} ${ctx.path}?${ctx.querystring}\n`);
  return hash('sha256', Buffer.concat([asked, bytes]), 'buffer');
}

async function once<Value>(
  { sealer }: ApiParts,
  tx: Transaction,
  asked: AnsweredRequest,
  requestHash: Buffer,
  work: (tx: Transaction) => Promise<ApiAnswer<Value>>,
): Promise<ApiAnswer<Value>> {
  if (!(await takeRequest(tx, asked)))
    throw new ProblemError(409, 'in-progress', 'wait for the answer to the first one');
  const known = await findAnswer(tx, sealer, asked);
  if (known !== undefined) {
    if (known.requestHash.equals(requestHash)) return JSON.parse(known.answer);
    throw new ProblemError(
      422,
      'key-reused',
      'another request had this Idempotency-Key within the last day: choose another key',
    );
  }
  const answer = await work(tx);
  const isKept = await keepAnswer(tx, sealer, asked, {
    requestHash,
    answer: JSON.stringify(answer),
  });
  if (isKept) return answer;
  throw new ProblemError(
    429,
    'too-many-keys',
    'this token has sent as many Idempotency-Keys as are kept for a day: send none, or come again tomorrow',
  );
}

async function guarded<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!AT_ONCE.includes(sqlState(error) ?? '')) throw error;
    throw new ProblemError(
      409,
      'conflict',
      'somebody changed the same thing in the same moment: look at it, and send the request again',
    );
  }
}
