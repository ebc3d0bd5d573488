import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadStaticFiles } from '../src/platform/web/static.ts';
import { contrast, parse, type Rgb, themeCss } from '../src/platform/web/theme.ts';

const css = readFileSync('src/platform/web/styles/tokens.css', 'utf8');
const GROUNDS = ['card', 'page', 'notice-ground', 'good-ground', 'warn-ground', 'fault-ground'];

/** The colours by name that a stylesheet gives; those for dark windows over those for light ones. */
function colours(sheet: string, scheme: 'light' | 'dark'): (name: string) => Rgb {
  const dark = sheet.indexOf('@media (prefers-color-scheme');
  const end = sheet.indexOf('\n}', dark);
  const rules = [sheet.slice(0, dark), ...(scheme === 'dark' ? [sheet.slice(dark, end)] : [])];
  const found = new Map<string, string>();
  for (const rule of rules) {
    for (const [, name, value] of rule.matchAll(/--([a-z-]+):\s*(#[0-9a-f]{3,6})\b/g)) {
      found.set(name as string, (value as string).replace(/^#(.)(.)(.)$/, '#$1$1$2$2$3$3'));
    }
  }
  return (name) => {
    const colour = parse(found.get(name) ?? '');
    if (colour === undefined) throw new Error(`no colour ${name}`);
    return colour;
  };
}

describe.each(['light', 'dark'] as const)('in a %s window', (scheme) => {
  const ours = colours(css, scheme);

  it('all text stands out from whatever it stands on', () => {
    for (const text of ['ink', 'soft', 'link', 'good', 'warn', 'fault']) {
      for (const ground of GROUNDS) {
        const ratio = contrast(ours(text), ours(ground));
        expect(ratio, `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
      }
    }
    expect(contrast(ours('accent'), ours('on-accent'))).toBeGreaterThanOrEqual(4.5);
  });

  it('the edge of a field can be seen', () => {
    for (const ground of ['card', 'page'])
      expect(contrast(ours('field'), ours(ground)), ground).toBeGreaterThanOrEqual(3);
  });

  it('a community’s colour stays readable, whatever colour it is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffff }), (value) => {
        const theirs = colours(themeCss(`#${value.toString(16).padStart(6, '0')}`), scheme);
        expect(contrast(theirs('accent'), theirs('on-accent'))).toBeGreaterThanOrEqual(4.5);
        for (const ground of GROUNDS)
          expect(contrast(theirs('link'), ours(ground)), ground).toBeGreaterThanOrEqual(4.5);
      }),
    );
  });
});

describe('a community’s stylesheet', () => {
  it('is empty for what is not a colour', () => {
    for (const colour of ['red}body{display:none', '#12', '', '#0a7d5a;'])
      expect(themeCss(colour)).toBe('');
  });

  it('keeps a colour that is readable as it is', () => {
    expect(themeCss('#0a5d43')).toContain('--accent:#0a5d43;');
  });
});

describe('the pictures of services', () => {
  const launcher = readFileSync('src/platform/web/styles/launcher.css', 'utf8');
  const hues = [...launcher.matchAll(/\.hue-\d \{\s*background: (#[0-9a-f]{6});/g)];

  it('stand out in white from each of ten colours', () => {
    expect(new Set(hues.map(([, colour]) => colour)).size).toBe(10);
    for (const [, colour] of hues)
      expect(contrast(parse(colour as string) as Rgb, [255, 255, 255]), colour).toBeGreaterThan(
        4.5,
      );
  });
});

describe('what every page loads', () => {
  const files = loadStaticFiles();
  const sent = (name: string) => {
    const file = files.find(name);
    return (file?.gzipped ?? file?.body)?.length;
  };

  it('is small: the styles under 8 KB, the fonts under 30 KB, the icons under 6 KB', () => {
    expect(sent('app.css')).toBeLessThan(8_000);
    expect((sent('text-400.woff2') ?? 0) + (sent('text-600.woff2') ?? 0)).toBeLessThan(30_000);
    expect(sent('icons.svg')).toBeLessThan(6_000);
  });

  it('names its fonts by addresses that change with them', () => {
    const addresses = [...String(files.find('app.css')?.body).matchAll(/url\("([^"]+)"\)/g)];
    expect(addresses).toHaveLength(2);
    for (const [, address] of addresses) {
      expect(files.find(address as string)).toMatchObject({ immutable: true, type: 'font/woff2' });
    }
  });
});
