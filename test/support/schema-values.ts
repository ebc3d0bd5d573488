/** A schema as the document of the API has it (JSON Schema 2020-12). */
export type JsonSchema = {
  type?: string;
  enum?: unknown[];
  anyOf?: JsonSchema[];
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  default?: unknown;
  examples?: unknown[];
  example?: unknown;
  maxLength?: number;
  maxItems?: number;
  minimum?: number;
  maximum?: number;
};

/** Numbers from 0 to 1 that are the same again for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export type Random = {
  next(): number;
  below(most: number): number;
  of<Item>(items: readonly Item[]): Item;
};

export function randomOf(seed: number): Random {
  const next = seeded(seed);
  const below = (most: number) => Math.floor(next() * most);
  return { next, below, of: (items) => items[below(items.length)] as never };
}

/** Something that the schema allows, as far as it says so. */
export function allowed(schema: JsonSchema, random: Random): unknown {
  if (schema.anyOf !== undefined) return allowed(random.of(schema.anyOf), random);
  if (schema.enum !== undefined) return random.of(schema.enum);
  if (schema.example !== undefined) return schema.example;
  if (schema.type === 'null') return null;
  if (schema.type === 'boolean') return random.next() < 0.5;
  if (schema.type === 'integer' || schema.type === 'number') return schema.minimum ?? 1;
  if (schema.type === 'array')
    return Array.from({ length: random.below(3) }, () => allowed(schema.items ?? {}, random));
  if (schema.type === 'object') {
    const fields = Object.entries(schema.properties ?? {}).filter(
      ([name]) => schema.required?.includes(name) || random.next() < 0.5,
    );
    return Object.fromEntries(fields.map(([name, field]) => [name, allowed(field, random)]));
  }
  const word = `mot-${random.below(1_000_000)}`;
  return random.of([word, word, ...shapesOf(word)]);
}

/** What fields of one shape or another take. */
const shapesOf = (word: string) => [
  'Bureau',
  `${word}@lieu.example`,
  `https://${word}.example/x`,
  `${word}.example`,
  `o=${word}`,
  '#0a7d5a',
  '2027-01-31',
  'Europe/Paris',
];

const nested = (levels: number) => {
  let value: unknown = 'x';
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
};

/** What no field of the API allows, or what programs trip over. */
export const ODD: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  0.5,
  1e21,
  Number.MAX_SAFE_INTEGER + 2,
  '',
  ' ',
  'a\u0000b',
  '\ud800',
  '\ufffd',
  '\u202emot',
  '\u200b',
  'e\u0301'.repeat(400),
  '👩‍👩‍👧‍👦'.repeat(60),
  'ﷺ'.repeat(64),
  "'; DROP TABLE memberships; --",
  '%00%n%s{{7*7}}',
  '../../etc/passwd',
  'javascript:alert(1)',
  'a'.repeat(5_000),
  [],
  {},
  [[]],
  [null, 1, 'x', {}],
  { toString: 1, constructor: { prototype: {} }, length: -1 },
  Array.from({ length: 3_000 }, () => 'x'),
  nested(20),
  nested(2_000),
];
