import { readdir, readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tidyName } from '../src/domain/memberships/display-name.ts';
import {
  foldCase,
  foldPart,
  keepCase,
  keepPart,
} from '../src/platform/distinguished-names/prepare.ts';
import { nameKey } from '../src/platform/text/names.ts';
import { normalForm } from '../src/platform/text/normal-form.ts';

const FORMS = ['NFC', 'NFD', 'NFKC', 'NFKD'] as const;

/** Milliseconds of this thread's own processor time. */
function cost(act: () => unknown): number {
  const before = process.threadCpuUsage();
  act();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}

describe('a normal form', () => {
  it('is Unicode’s own, of any text that somebody writes', () => {
    const sign = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('ệ', '\u0323', '\u0302', '가', 'ｶﾞ', 'ﷺ', '👨‍👩‍👧', 'ſ', 'İ'),
    );
    const texts = fc.array(sign, { maxLength: 400 }).map((signs) => signs.join('a'));
    fc.assert(
      fc.property(texts, fc.constantFrom(...FORMS), (text, form) => {
        expect(normalForm(text, form)).toBe(text.normalize(form));
      }),
    );
  });

  it.each([
    ['marks in a wrong order', `a${'\u0345'.repeat(30_000)}${'\u0300'.repeat(30_000)}`],
    ['marks that take turns', `a${'\u0315\u0300'.repeat(30_000)}`],
    ['voicing marks of half width', `a${'\u0315\uff9e'.repeat(30_000)}`],
  ])('takes a time that grows as the text does: %s', (_, text) => {
    // `normalize` takes seconds for each of them.
    for (const form of FORMS) expect(cost(() => normalForm(text, form))).toBeLessThan(250);
    for (const fold of [nameKey, tidyName, foldCase, keepCase, foldPart, keepPart])
      expect(cost(() => fold(text))).toBeLessThan(500);
  });
});

it('nothing in the program takes a normal form by itself', async () => {
  const files = (await readdir('src', { recursive: true })).filter((file) => file.endsWith('.ts'));
  const texts = await Promise.all(files.map((file) => readFile(`src/${file}`, 'utf8')));
  const others = files.filter((_, index) => texts[index]?.includes('.normalize('));
  expect(others).toEqual(['platform/text/normal-form.ts']);
});
