import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';

type Source = { text: string; imports: Set<string> };

test('nothing is exported that the program itself has no use for', async () => {
  const files = (await readdir('src', { recursive: true })).filter((file) => file.endsWith('.ts'));
  const sources = new Map<string, Source>();
  for (const file of files) sources.set(file, await read(file));
  const isUsed = (file: string, name: string) =>
    [...sources].some(([other, { text, imports }]) => {
      if (other !== file && !imports.has(file)) return false;
      const places = text.match(new RegExp(`\\b${name}\\b`, 'g'))?.length ?? 0;
      return places > (other === file ? 1 : 0);
    });
  const unused = [...sources].flatMap(([file, { text }]) =>
    exportsOf(text)
      .filter((name) => !isUsed(file, name))
      .map((name) => `${file}: ${name}`),
  );
  expect(unused).toEqual([]);
});

async function read(file: string): Promise<Source> {
  const text = await readFile(join('src', file), 'utf8');
  const paths = text.matchAll(/(?:\bfrom|\bimport|\bimport\()\s*'(\.[^']+)'/g);
  const imports = [...paths].map(([, path]) => normalize(join(dirname(file), path as string)));
  return { text, imports: new Set(imports) };
}

function exportsOf(text: string): string[] {
  const found = text.matchAll(
    /^export (?:async )?(?:const|function\*?|class|type|interface) (\w+)/gm,
  );
  return [...found].map(([, name]) => name as string);
}
