import { readdirSync, readFileSync } from 'node:fs';
import { createInstance } from 'i18next';
import { LOCALES, type Locale } from './locale.ts';
import { keepTogether } from './typography.ts';

export type Translate = (locale: Locale, key: string, values?: Record<string, unknown>) => string;

/** A key that no catalogue has: a fault of ours that no page may hide. */
export class MissingTextError extends Error {
  override readonly name = 'MissingTextError';
}

/** Read once, as the program is. */
const CATALOGUES = LOCALES.map((locale) => [locale, readCatalogue(locale)] as const);

/**
 * Values are set as people's own texts are, and not escaped: the templates escape what
 * they show.
 * @param set what else is done to our own words; values, which people may copy, are left out of it
 */
export function createTranslator(set: (text: string) => string = (text) => text): Translate {
  const i18n = createInstance();
  i18n.init({
    lng: 'fr',
    fallbackLng: false,
    keySeparator: false,
    nsSeparator: false,
    initAsync: false,
    interpolation: { escapeValue: false },
    resources: Object.fromEntries(
      CATALOGUES.map(([locale, texts]) => [locale, { translation: mapTexts(texts, set) }]),
    ),
  });
  return (locale, key, values = {}) => {
    if (!i18n.exists(key, { lng: locale, ...values }))
      throw new MissingTextError(`${locale}: ${key}`);
    return i18n.t(key, { lng: locale, ...readableValues(values) });
  };
}

/** The texts of a language, by key, as typography keeps them together. */
export function readCatalogue(locale: Locale): Record<string, string> {
  const folder = new URL(`../../../views/texts/${locale}/`, import.meta.url);
  const texts: Record<string, string> = {};
  for (const file of readdirSync(folder).sort()) {
    for (const [key, text] of Object.entries(
      JSON.parse(readFileSync(new URL(file, folder), 'utf8')),
    )) {
      if (key in texts) throw new Error(`${locale}/${file}: another catalogue has "${key}"`);
      texts[key] = text as string;
    }
  }
  if (locale !== 'fr') return texts;
  return mapTexts(texts, keepTogether);
}

function mapTexts(texts: Record<string, string>, set: (text: string) => string) {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, set(text)]));
}

const RIGHT_TO_LEFT =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\u202a-\u202e\u2066-\u2069]/u;

function readableValues(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'string' ? isolate(keepTogether(value)) : value,
    ]),
  );
}

/** A name that runs the other way must not turn the sentence around it (Unicode TR9 §2.7). */
function isolate(text: string): string {
  return RIGHT_TO_LEFT.test(text) ? `\u2068${text}\u2069` : text;
}
