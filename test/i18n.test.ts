import { readdirSync, readFileSync } from 'node:fs';
import Handlebars from 'handlebars';
import { describe, expect, it } from 'vitest';
import { accountNavigation } from '../src/pages/account/sections.ts';
import { consoleNavigation } from '../src/pages/community/sections.ts';
import { operatorNavigation } from '../src/pages/operator/sections.ts';
import { chooseLocale } from '../src/platform/i18n/locale.ts';
import {
  createTranslator,
  MissingTextError,
  readCatalogue,
} from '../src/platform/i18n/translate.ts';

const catalogues = { fr: readCatalogue('fr'), en: readCatalogue('en') };
const keys = Object.keys(catalogues.fr);

/** Every text that the views ask for, as a pattern: a part that only the page knows may be anything. */
function askedFor(): RegExp[] {
  const asked: RegExp[] = [];
  for (const file of readdirSync('views', { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.hbs')) continue;
    const tree = Handlebars.parse(readFileSync(`views/${file}`, 'utf8'));
    visit(tree, (call) => {
      const parts = call.params.map((part) =>
        typeof part.value === 'string' ? part.value.replaceAll('.', '\\.') : '.+',
      );
      // What has no words of its own is told which by its page: `navigations`.
      if (call.path.original === 't' && parts.some((part) => part !== '.+'))
        asked.push(new RegExp(`^${parts.join('')}(_zero|_one|_other)?$`));
      if (call.path.original === 'label') asked.push(new RegExp(`^${parts.join('\\.')}$`));
    });
  }
  // Asked for by the renderer itself.
  return [...asked, ...navigations(), /^layout\.errorTitle$/, /^mail\./];
}

/** What stands beside the pages of the account and the consoles. */
function navigations(): RegExp[] {
  const frame = { base: '/admin', requestsWaiting: 0 };
  const sides = [
    accountNavigation('account/overview', '/account'),
    consoleNavigation('admin/overview', frame),
    operatorNavigation('operator-home'),
  ];
  const keys = sides.flatMap(({ name, menu, groups }) => [
    name,
    menu,
    ...groups.flatMap((group) => [group.name ?? name, ...group.items.map(({ text }) => text)]),
  ]);
  return keys.map((key) => new RegExp(`^${key.replaceAll('.', '\\.')}$`));
}

type Call = { path: { original: string }; params: { value?: unknown }[] };

function visit(node: unknown, seen: (call: Call) => void): void {
  if (node === null || typeof node !== 'object') return;
  if ('path' in node && 'params' in node) seen(node as Call);
  for (const child of Object.values(node)) visit(child, seen);
}

describe('the catalogues', () => {
  it('say everything in both languages', () => {
    expect(Object.keys(catalogues.en).sort()).toEqual([...keys].sort());
    for (const text of [...Object.values(catalogues.fr), ...Object.values(catalogues.en)])
      expect(text.trim()).toBe(text);
  });

  it('have each text that a view asks for', () => {
    const missing = askedFor().filter((pattern) => !keys.some((key) => pattern.test(key)));
    expect(missing).toEqual([]);
  });

  it('have no text that no view asks for', () => {
    const asked = askedFor();
    expect(keys.filter((key) => !asked.some((pattern) => pattern.test(key)))).toEqual([]);
  });

  it('keep the same places for values in both languages', () => {
    const places = (text: string | undefined) => (text?.match(/\{\{\w+\}\}/g) ?? []).sort();
    for (const key of keys) {
      // A plural's form for one may leave the number out.
      if (/_(zero|one)$/.test(key)) continue;
      expect([key, places(catalogues.en[key])]).toEqual([key, places(catalogues.fr[key])]);
    }
  });

  it('use real apostrophes, and spaces that French typography never breaks', () => {
    for (const [key, text] of Object.entries(catalogues.fr)) {
      expect([key, text]).not.toEqual([key, expect.stringMatching(/'|\.\.\.| [?!;:»]|« /)]);
    }
    expect(catalogues.fr['access.whom']).toBe('À qui demander\u202f?');
    expect(catalogues.fr['error.reference']).toBe('Référence\u00a0: {{reference}}');
  });
});

describe('a translation', () => {
  const translate = createTranslator();

  it('counts as each language does', () => {
    const fault = 'login.fault.throttled';
    expect(translate('fr', fault, { count: 1 })).toContain('dans une minute');
    expect(translate('fr', fault, { count: 12 })).toContain('dans 12 minutes');
    expect(translate('en', fault, { count: 12 })).toContain('in 12 minutes');
  });

  it('puts a value in as it is, even one that looks like an instruction', () => {
    for (const name of ['$t(login.heading)', '{{count}}', '<b>&"']) {
      expect(translate('fr', 'home.hello', { name })).toBe(`Bonjour ${name}`);
    }
  });

  it('isolates a name that runs from right to left', () => {
    expect(translate('fr', 'home.hello', { name: 'ليلى' })).toBe('Bonjour \u2068ليلى\u2069');
  });

  it('never hides a missing text', () => {
    expect(() => translate('fr', 'no.such.text')).toThrow(MissingTextError);
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
    ['en;q=0', undefined, undefined, 'fr'],
    [',;;q=x,'.repeat(200), undefined, undefined, 'fr'],
  ] as const)(
    'is chosen from the browser (%s), the choice kept (%s) and the app’s wish (%s)',
    (accept, kept, asked, expected) => {
      expect(chooseLocale(accept, kept, asked, 'fr')).toBe(expected);
    },
  );
});
