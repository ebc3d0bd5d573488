import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSealer } from '../src/platform/secrets/sealer.ts';
import { applyFile } from '../src/transfer/apply/apply-file.ts';
import { parseFile } from '../src/transfer/apply/parse-file.ts';
import { formatPlan } from '../src/transfer/apply/plan.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';

const sealer = createSealer(['a-sealing-key-for-tests-of-32-characters']);
const options = { path: 'examples/tiers-lieux.yaml', hubUrl: 'http://localhost:8080', env: {} };
let db: TestDatabase;

beforeAll(async () => {
  db = await cloneDatabase();
});
afterAll(() => db.drop());

test('the example network applies, and a second run has nothing to change', async () => {
  const first = await applyFile(db.database, sealer, options);
  expect(first.counts).toMatchObject({ update: 0, remove: 0 });
  const kinds = Object.groupBy(first.changes, (change) => change.kind);
  expect(kinds.community).toHaveLength(3);
  expect(kinds.member).toHaveLength(19);
  expect(kinds.service).toHaveLength(9);
  expect(formatPlan(first)).toContain('+ member lamyne/alice');
  expect(formatPlan(first)).not.toContain('trousseau-demo');

  const second = await applyFile(db.database, sealer, { ...options, prune: true });
  expect(formatPlan(second)).toBe('nothing to change');
});

test('the example of the reference is a file without a fault', async () => {
  const [, example] = /```yaml\n([\s\S]*?)```/.exec(await readFile('docs/apply.md', 'utf8')) ?? [];
  const secret = 'long-enough-secret';
  const env = { OPS_PASSWORD: secret, ALICE_PASSWORD: secret, WIKI_SECRET: secret };
  const { document } = parseFile('apply.md', example as string, 'https://hub.example', env);
  expect(document.communities).toHaveLength(1);
});
