import { isDeepStrictEqual } from 'node:util';
import { expect, it } from 'vitest';
import { decodePagedResults } from '../../../src/protocols/ldap/protocol/controls.ts';
import { MAX_FILTER_DEPTH } from '../../../src/protocols/ldap/protocol/decode-filter.ts';
import {
  decodeMessage,
  MAX_CONTROLS,
} from '../../../src/protocols/ldap/protocol/decode-message.ts';
import type { Filter } from '../../../src/protocols/ldap/protocol/filter.ts';
import type { Message } from '../../../src/protocols/ldap/protocol/message.ts';
import { decodePasswordModify } from '../../../src/protocols/ldap/protocol/password-modify-value.ts';
import { ProtocolError } from '../../../src/protocols/ldap/protocol/result.ts';
import { encodeRequest } from '../support/encode-request.ts';
import { mutate, seededRandom } from '../support/mutate.ts';
import { RECORDED_SESSIONS } from '../support/recorded-sessions.ts';

/** FUZZ_CASES=1000000 for a long run; FUZZ_SEED for other cases, or to see a finding again. */
const CASES = Number(process.env.FUZZ_CASES ?? 20_000);
const SEED = Number(process.env.FUZZ_SEED ?? 1);

const RECORDED = Object.values(RECORDED_SESSIONS)
  .flat()
  .map((hex) => Buffer.from(hex, 'hex'));

it('reads mutated sessions or refuses them, and what it reads is whole', {
  timeout: 3_600_000,
}, () => {
  const random = seededRandom(SEED);
  let read = 0;
  let spent = 0;
  let slowest = 0;
  for (let i = 0; i < CASES; i++) {
    const bytes = mutate(RECORDED[i % RECORDED.length] as Buffer, RECORDED, random);
    const start = performance.now();
    const message = readOrRefuse(bytes, decodeMessage);
    const took = performance.now() - start;
    spent += took;
    slowest = Math.max(slowest, took);
    if (!message) continue;
    read++;
    const fault = faultIn(message);
    if (fault) expect.fail(`case ${i} of seed ${SEED}: ${fault}: ${bytes.toString('hex')}`);
  }
  console.log(
    `${CASES} cases of seed ${SEED}: ${read} read, ${CASES - read} refused,`,
    `${Math.round(CASES / (spent / 1_000))} cases/s, slowest ${slowest.toFixed(2)} ms`,
  );
  expect(read).toBeGreaterThan(CASES / 100);
  expect(read).toBeLessThan(CASES);
});

/** What is wrong with a message that was read: it must be within all bounds, and mean one thing. */
function faultIn(message: Message): string | undefined {
  const { id, request, controls } = message;
  if (!(id > 0 && id <= 2 ** 31 - 1)) return 'a message id out of bounds';
  if (controls.length > MAX_CONTROLS) return 'too many controls';
  if (request.kind === 'search' && depth(request.filter) > MAX_FILTER_DEPTH) return 'too deep';
  if (!isDeepStrictEqual(decodeMessage(encodeRequest(message)), message))
    return 'written and read again, it is another message';
  for (const { value } of controls) if (value) readOrRefuse(value, decodePagedResults);
  if (request.kind === 'extended') readOrRefuse(request.value, decodePasswordModify);
  return undefined;
}

function readOrRefuse<Bytes, Read>(bytes: Bytes, decode: (bytes: Bytes) => Read): Read | undefined {
  try {
    return decode(bytes);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

function depth(filter: Filter): number {
  if (filter.type === 'not') return 1 + depth(filter.filter);
  if (filter.type === 'and' || filter.type === 'or')
    return 1 + Math.max(0, ...filter.filters.map(depth));
  return 1;
}
