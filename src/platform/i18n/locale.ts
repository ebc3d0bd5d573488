export const LOCALES = ['fr', 'en'] as const;
export type Locale = (typeof LOCALES)[number];

/**
 * The visitor's language: what they chose here, else what an app asked for (`ui_locales`, OpenID Connect
 * Core §3.1.2.1), else what their browser prefers (RFC 9110 §12.5.4), else the fallback.
 */
export function chooseLocale(
  acceptLanguage: string | undefined,
  kept: string | undefined,
  uiLocales: string | undefined,
  fallback: Locale,
): Locale {
  const asked = (uiLocales ?? '').split(/\s+/);
  return firstKnown([kept ?? '', ...asked, ...preferences(acceptLanguage ?? '')]) ?? fallback;
}

function firstKnown(tags: string[]): Locale | undefined {
  for (const tag of tags) {
    const language = tag.toLowerCase().split('-')[0];
    const known = LOCALES.find((locale) => locale === language);
    if (known !== undefined) return known;
  }
  return undefined;
}

function preferences(acceptLanguage: string): string[] {
  return acceptLanguage
    .slice(0, 500)
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.trim().split(';');
      const q = parameters
        .map((parameter) => /^\s*q=([\d.]+)\s*$/.exec(parameter)?.[1])
        .find(Boolean);
      return { tag, q: q === undefined ? 1 : Number(q) };
    })
    .filter(({ q }) => q > 0)
    .sort((a, b) => b.q - a.q)
    .map(({ tag }) => tag);
}
