import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { beforeAll, expect, test } from 'vitest';

/** From the ground up: a floor uses those below it, and none above. */
const FLOORS = [
  'platform',
  'domain',
  'transfer',
  'provisioning',
  'protocols',
  'api',
  'pages',
  'top',
] as const;

type Import = { from: string; to: string };
let imports: Import[];

beforeAll(async () => {
  const files = (await readdir('src', { recursive: true })).filter((file) => /\.[jt]s$/.test(file));
  const found = await Promise.all(files.map((file) => importsOf(file)));
  imports = found.flat();
});

/** Every relative import, of types and at run time alike; paths are below `src`. */
async function importsOf(file: string): Promise<Import[]> {
  const text = await readFile(join('src', file), 'utf8');
  const statements = text.matchAll(
    /(?:\bfrom|\bimport|\bimport\(|\bdeclare module)\s*['"](\.[^'"]+)['"]/g,
  );
  return [...statements].map(([, path]) => ({
    from: file,
    to: normalize(join(dirname(file), path as string)),
  }));
}

function floorOf(file: string): (typeof FLOORS)[number] {
  const folder = file.split('/')[0] as (typeof FLOORS)[number];
  return FLOORS.includes(folder) ? folder : 'top';
}

test('every file stands on a floor', () => {
  const places = new Set(imports.flatMap(({ from, to }) => [from, to]).map(floorOf));
  const top = imports.map(({ from }) => from).filter((file) => floorOf(file) === 'top');
  expect([...places].every((floor) => FLOORS.includes(floor))).toBe(true);
  expect(top.filter((file) => file.includes('/') && !file.startsWith('cli/'))).toEqual([]);
});

test('no import goes up', () => {
  const height = (file: string) => FLOORS.indexOf(floorOf(file));
  const up = imports.filter(({ from, to }) => height(to) > height(from));
  expect(up.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
});

test('no imports go in a circle', () => {
  expect(circles(imports)).toEqual([]);
});

test('no folders of a floor need each other', () => {
  const folderOf = (file: string) => file.split('/').slice(0, 2).join('/');
  const between = imports
    .filter(({ from, to }) => from.split('/').length > 2 && to.split('/').length > 2)
    .map(({ from, to }) => ({ from: folderOf(from), to: folderOf(to) }))
    .filter(({ from, to }) => from !== to);
  expect(circles(between)).toEqual([]);
});

/** Groups of places that reach each other (strongly connected components of more than one). */
function circles(edges: Import[]): string[][] {
  const next = Map.groupBy(edges, ({ from }) => from);
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (place: string) => {
    index.set(place, index.size);
    low.set(place, index.get(place) as number);
    stack.push(place);
    for (const { to } of next.get(place) ?? []) {
      if (!index.has(to)) visit(to);
      else if (!stack.includes(to)) continue;
      low.set(place, Math.min(low.get(place) as number, low.get(to) as number));
    }
    if (low.get(place) !== index.get(place)) return;
    const group = stack.splice(stack.indexOf(place));
    if (group.length > 1) found.push(group.sort());
  };
  for (const { from } of edges) if (!index.has(from)) visit(from);
  return found;
}
