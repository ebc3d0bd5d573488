import { beforeAll, describe, expect, test } from 'vitest';
import type { OpenApi, Operation } from '../../src/api/openapi/document.ts';
import { COMMUNITY_SCOPES, HUB_SCOPES } from '../../src/domain/api-tokens/api-token.ts';
import { newToken } from '../support/api-client.ts';
import { buildGroup } from '../support/factories.ts';
import { allowed, type JsonSchema, ODD, type Random, randomOf } from '../support/schema-values.ts';
import { useHub } from '../support/use-hub.ts';
import { type RawAnswer, sendRaw } from './raw-request.ts';

// What the document of the API does not allow is sent to every operation of it, by a seed: TROUSSEAU_FUZZ_SEED=7
// tries other things. Whatever comes, it is answered, and a refusal is a problem.

const SEED = Number(process.env.TROUSSEAU_FUZZ_SEED ?? 1);
const TRIES = 60;

const hub = useHub({
  env: { TROUSSEAU_ROLES: 'web' },
  community: { slug: 'lieu' },
  neighbour: { slug: 'voisin' },
});
let document: OpenApi;
let values: Record<string, string>;

beforeAll(async () => {
  document = (await (await fetch(`${hub.url}/api/openapi.json`)).json()) as OpenApi;
  await hub.newMember({ role: 'owner' });
  const { subject } = await hub.newMember();
  const { slug } = await hub.newService();
  const { id } = await buildGroup(hub.database, hub.community.id, 'Bureau', [subject]);
  values = { subject, id, slug };
});

type Sent = { path: string; headers: Record<string, string>; body?: string | Buffer };

function expectAnswered(sent: unknown, { status, headers, text }: RawAnswer): void {
  const said = [SEED, sent, status, text.slice(0, 300)];
  expect([...said, status < 500]).toEqual([...said, true]);
  if (status < 400) return;
  const problem = text === '' ? {} : JSON.parse(text);
  expect([...said, headers['content-type'], problem.status]).toEqual([
    ...said,
    'application/problem+json',
    status,
  ]);
  for (const field of ['type', 'title', 'detail', 'instance'])
    expect([...said, typeof problem[field]]).toEqual([...said, 'string']);
}

const operations = (): [path: string, method: string, operation: Operation][] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, string, Operation] => [
      path,
      method.toUpperCase(),
      operation,
    ]),
  );

const isOfHub = ({ description }: Operation) =>
  HUB_SCOPES.some((scope) => description.includes(`\`${scope}\``));

async function tokenFor(operation: Operation): Promise<string> {
  if (isOfHub(operation)) return (await newToken(hub, undefined, HUB_SCOPES)).token;
  return (await newToken(hub, hub.community, COMMUNITY_SCOPES)).token;
}

function pathOf(path: string, operation: Operation): string {
  const own = { ...values, ...(isOfHub(operation) && { slug: 'voisin' }) };
  return `/api/v1${path.replaceAll(/\{(\w+)\}/g, (_, name: keyof typeof own) => own[name] ?? '')}`;
}

describe('what the document does not allow', () => {
  test('in a body', { timeout: 120_000 }, async () => {
    const random = randomOf(SEED);
    for (const [path, method, operation] of operations()) {
      const schema = operation.requestBody?.content['application/json'].schema as JsonSchema;
      if (schema === undefined) continue;
      const authorization = `Bearer ${await tokenFor(operation)}`;
      for (let count = 0; count < TRIES; count += 1) {
        const body = spoiled(schema, random);
        const headers = { authorization, 'content-type': 'application/json', 'if-match': '*' };
        const answer = await sendRaw(hub, pathOf(path, operation), { method, headers, body });
        expectAnswered([method, path, body.slice(0, 200)], answer);
      }
    }
  });

  test('in an address or a header', { timeout: 120_000 }, async () => {
    const random = randomOf(SEED + 1);
    for (const [path, method, operation] of operations()) {
      const authorization = `Bearer ${await tokenFor(operation)}`;
      for (let count = 0; count < TRIES; count += 1) {
        const sent = oddRequest(path, operation, random);
        const headers = { authorization, ...sent.headers };
        const answer = await sendRaw(hub, sent.path, { ...sent, method, headers });
        expectAnswered([method, sent.path, sent.headers], answer);
      }
    }
  });

  test('as a body at all', async () => {
    const authorization = `Bearer ${(await newToken(hub, hub.community, COMMUNITY_SCOPES)).token}`;
    const json = 'application/json';
    const tried: [string, string | Buffer, Record<string, string>, number][] = [
      [json, '', {}, 400],
      [json, '{', {}, 400],
      [json, '[]', {}, 422],
      [json, 'null', {}, 422],
      [json, '"x"', {}, 422],
      [json, '1e999', {}, 422],
      [json, '{"username":"a","username":1}', {}, 422],
      [json, '{"__proto__":{"username":"a"},"name":"x"}', {}, 422],
      [json, Buffer.from('{"username":"\xe9lo"}', 'latin1'), {}, 400],
      [json, Buffer.from('{"username":"a","name":"b"}', 'utf16le'), {}, 400],
      [json, '{"username":"a\\u0000"}', {}, 400],
      [json, '{"username":"\\ud83d"}', {}, 400],
      [json, '['.repeat(100_000), {}, 400],
      [json, '['.repeat(50_000) + ']'.repeat(50_000), {}, 400],
      [json, `{"username":"${'a'.repeat(300_000)}"}`, {}, 413],
      [json, '{}', { 'content-encoding': 'gzip' }, 415],
      ['application/x-www-form-urlencoded', 'username=a', {}, 415],
      ['text/plain', '{}', {}, 415],
      ['application/json; charset=latin1', '{}', {}, 415],
      ['', '{}', {}, 415],
    ];
    for (const [type, body, more, status] of tried) {
      const headers = { authorization, 'content-type': type, ...more };
      const answer = await sendRaw(hub, '/api/v1/members', { method: 'POST', headers, body });
      expectAnswered([type, body.slice(0, 60).toString()], answer);
      expect([type, body.slice(0, 60).toString(), answer.status]).toEqual([
        type,
        body.slice(0, 60).toString(),
        status,
      ]);
    }
  });
});

/** A body that the schema allows, with something else somewhere in it. */
function spoiled(schema: JsonSchema, random: Random): string {
  const body = allowed(schema, random) as Record<string, unknown>;
  const names = Object.keys(schema.properties ?? {});
  const kind = random.below(9);
  // What is allowed may still be refused, and is not to fail either.
  if (kind > 5) return JSON.stringify(body);
  if (kind === 0)
    body[random.of(['id', '__proto__', 'créé', '', 'x'.repeat(500)])] = random.of(ODD);
  else if (kind === 1) delete body[random.of(schema.required ?? names)];
  else {
    for (let count = 0; count < kind; count += 1) {
      const name = random.of(names);
      body[name] = random.next() < 0.6 ? random.of(ODD) : within(body[name], random);
    }
  }
  return JSON.stringify(body);
}

/** The same with something odd further inside. */
function within(value: unknown, random: Random): unknown {
  if (Array.isArray(value)) return [...value, random.of(ODD)];
  if (typeof value === 'object' && value !== null) {
    const [name = 'x'] = Object.keys(value);
    return { ...value, [name]: random.of(ODD) };
  }
  return random.of(ODD);
}

const ODD_TEXTS = [
  '%00',
  '%',
  '%zz',
  '%ed%a0%80',
  '%2e%2e%2f',
  '..',
  '%E2%80%AE',
  '-1',
  '1e9',
  '0x10',
];
const ODD_HEADERS = ['', '*', '"', 'W/"x"', '"x", *', ', ,', 'x'.repeat(3_000), '\u00e9', '0'];

function oddRequest(path: string, operation: Operation, random: Random): Sent {
  const oddText = () => random.of([...ODD_TEXTS, 'a'.repeat(3_000), ...Object.values(values)]);
  const place = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    random.next() < 0.3 ? oddText() : (values[name] ?? 'x'),
  );
  const queries = operation.parameters.filter((one) => one.in === 'query').map(({ name }) => name);
  const query = Array.from({ length: Math.max(0, random.below(6) - 2) }, () => {
    const name = random.of([...queries, 'limit', 'x', '', '%00', '__proto__']);
    return `${name}=${oddText()}`;
  }).join('&');
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  for (const name of ['if-match', 'if-none-match', 'idempotency-key', 'content-type'])
    if (random.next() < 0.25) headers[name] = random.of(ODD_HEADERS);
  const schema = operation.requestBody?.content['application/json'].schema as
    | JsonSchema
    | undefined;
  return {
    path: `/api/v1${place}${query === '' ? '' : `?${query}`}`,
    headers,
    ...(schema !== undefined && {
      body: random.next() < 0.7 ? JSON.stringify(allowed(schema, random)) : random.of(['', '[]']),
    }),
  };
}
