import fc from 'fast-check';
import { parse as parseHtml } from 'node-html-parser';
import { describe, expect, it } from 'vitest';
import { chooseLocale } from '../src/i18n/locale.ts';
import { readCatalogue } from '../src/i18n/translate.ts';
import type { PageModel } from '../src/web/page-models.ts';
import { createRenderer } from '../src/web/render.ts';
import { loadStaticFiles } from '../src/web/static.ts';
import { contrast, parse, themeCss } from '../src/web/theme.ts';
import { SAMPLE_PAGES, sampleChrome } from './support/sample-pages.ts';

const renderer = createRenderer(loadStaticFiles());
const cases = Object.entries(SAMPLE_PAGES).flatMap(([name, page]) =>
  (['fr', 'en'] as const).map((locale) => ({ name, locale, page })),
);

describe('the catalogues', () => {
  it('say everything in both languages', () => {
    expect(Object.keys(readCatalogue('en')).sort()).toEqual(
      Object.keys(readCatalogue('fr')).sort(),
    );
  });

  it('keep the same places for values in both languages', () => {
    const places = (text: string) => (text.match(/\{\{\w+\}\}/g) ?? []).sort();
    const [fr, en] = [readCatalogue('fr'), readCatalogue('en')];
    for (const key of Object.keys(fr)) {
      // A plural's form for one may leave the number out.
      if (!key.endsWith('_one'))
        expect([key, places(en[key] as string)]).toEqual([key, places(fr[key] as string)]);
    }
  });
});

describe('every page', () => {
  it.each(cases)(
    '"$name" in $locale has one heading, its language, labels and no inline script or style',
    ({ page, locale }) => {
      const html = renderer.render(page, sampleChrome(locale));
      const document = parseHtml(html);
      expect(document.querySelector('html')?.getAttribute('lang')).toBe(locale);
      expect(document.querySelectorAll('h1')).toHaveLength(1);
      expect(document.querySelector('title')?.text.trim()).toMatch(/^\S.+ · /);
      expect(document.querySelectorAll('main')).toHaveLength(1);
      expect(
        document.querySelectorAll('style, script:not([src]), [style], [onclick], [onload]'),
      ).toHaveLength(0);
      for (const input of document.querySelectorAll('input:not([type=hidden])')) {
        expect(
          document.querySelector(`label[for="${input.getAttribute('id')}"]`)?.text.trim(),
        ).toBeTruthy();
      }
      for (const element of document.querySelectorAll('[aria-describedby]')) {
        const ids = (element.getAttribute('aria-describedby') as string)
          .split(' ')
          .filter((id) => !id.startsWith('fault-'));
        for (const id of ids) expect(document.getElementById(id), id).not.toBeNull();
      }
      const ids = document.querySelectorAll('[id]').map((element) => element.id);
      expect(new Set(ids).size).toBe(ids.length);
      for (const button of document.querySelectorAll('button, a')) {
        expect(button.text.trim() || button.getAttribute('aria-label')).toBeTruthy();
      }
      expect(html).not.toMatch(/\{\{|undefined|\[object/);
    },
  );

  it('shows what people wrote as text, never as markup', () => {
    const evil = '<img src=x onerror=alert(1)>"\'&';
    const poison = (value: unknown): unknown => {
      if (typeof value === 'string') return evil;
      if (Array.isArray(value)) return value.map(poison);
      if (value === null || typeof value !== 'object') return value;
      return Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [
          key,
          ['page', 'kind', 'fault', 'reason', 'state', 'field', 'code', 'notice'].includes(key)
            ? inner
            : poison(inner),
        ]),
      );
    };
    for (const page of Object.values(SAMPLE_PAGES)) {
      const chrome = {
        ...sampleChrome('fr'),
        community: { name: evil, homeUrl: '/', contactEmail: evil },
      };
      const document = parseHtml(renderer.render(poison(page) as PageModel, chrome));
      expect(document.querySelectorAll('[onerror]')).toHaveLength(0);
    }
  });
});

describe('a community’s colour', () => {
  it('stays readable, whatever colour it is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffff }), (value) => {
        const css = themeCss(`#${value.toString(16).padStart(6, '0')}`);
        const colour = (name: string) =>
          parse(new RegExp(`--${name}:(#[0-9a-f]{6})`).exec(css)?.[1] as string) as [
            number,
            number,
            number,
          ];
        expect(contrast(colour('accent'), colour('on-accent'))).toBeGreaterThanOrEqual(4.5);
        expect(contrast(colour('link'), [255, 255, 255])).toBeGreaterThanOrEqual(4.5);
      }),
    );
  });

  it('gives no stylesheet for what is not a colour', () => {
    expect(themeCss('red}body{display:none')).toBe('');
  });
});

describe('the language', () => {
  it.each([
    ['en-GB,en;q=0.9', undefined, undefined, 'en'],
    ['de, fr;q=0.5, en;q=0.8', undefined, undefined, 'en'],
    ['en', 'fr', undefined, 'fr'],
    ['fr', undefined, 'de en-US', 'en'],
    ['en', 'fr', 'en', 'fr'],
    [undefined, undefined, undefined, 'fr'],
    ['*;q=0', 'xx', 'yy', 'fr'],
  ] as const)(
    'is chosen from the browser (%s), the choice kept (%s) and the app’s wish (%s)',
    (accept, kept, asked, expected) => {
      expect(chooseLocale(accept, kept, asked, 'fr')).toBe(expected);
    },
  );
});
