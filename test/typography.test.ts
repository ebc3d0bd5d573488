import { describe, expect, it } from 'vitest';
import { datesFor } from '../src/platform/i18n/dates.ts';
import { createTranslator, readCatalogue } from '../src/platform/i18n/translate.ts';
import { keepTogether, keepWordsTogether } from '../src/platform/i18n/typography.ts';

describe('a date', () => {
  it('is the premier on the first of a month in French, and on no other day', () => {
    const { day, moment, longDay } = datesFor('fr');
    expect(day(new Date('2026-03-01T12:00:00Z'))).toBe('1ᵉʳ\u00a0mars 2026');
    expect(longDay(new Date('2026-03-01T12:00:00Z'))).toBe('dimanche 1ᵉʳ\u00a0mars 2026');
    expect(moment(new Date('2026-03-01T12:00:00Z'))).toMatch(/^1ᵉʳ\u00a0mars 2026/);
    expect(day(new Date('2026-03-11T12:00:00Z'))).toBe('11\u00a0mars 2026');
    expect(day(new Date('2026-01-21T12:00:00Z'))).toBe('21\u00a0janvier 2026');
  });

  it('has the day before the month in English, as in the rest of Europe', () => {
    expect(datesFor('en').day(new Date('2026-03-01T12:00:00Z'))).toBe('1\u00a0March 2026');
  });

  it('is told in the zone that its reader chose', () => {
    const late = new Date('2026-02-28T23:30:00Z');
    expect(datesFor('fr').day(late)).toBe('1ᵉʳ\u00a0mars 2026');
    expect(datesFor('fr', 'UTC').day(late)).toBe('28\u00a0février 2026');
    expect(datesFor('fr', null).time(late)).toBe('00:30');
  });
});

describe('what typography keeps together', () => {
  it('are signs and the words before them, and quotes and what they hold', () => {
    expect(keepTogether('Prêt ? « Oui » : 20 % !')).toBe(
      'Prêt\u202f? «\u00a0Oui\u00a0»\u00a0: 20\u00a0%\u202f!',
    );
    expect(keepTogether('https://lieu.example/?a=b : non')).toBe(
      'https://lieu.example/?a=b\u00a0: non',
    );
  });

  it('is the word e-mail, in a page, where it is text', () => {
    expect(keepWordsTogether('<label title="e-mail">Adresse e-mail</label>')).toBe(
      '<label title="e-mail">Adresse <span class="word">e-mail</span></label>',
    );
    const plain = '<textarea>e-mail</textarea><option value="1">E-mails</option>';
    expect(keepWordsTogether(plain)).toBe(plain);
  });
});

describe('nought', () => {
  const translate = createTranslator();
  const counted = Object.keys(readCatalogue('fr'))
    .filter((key) => key.endsWith('_one'))
    .map((key) => key.slice(0, -'_one'.length));
  /** Counts that are never nought: minutes to wait, and what is asked only where there is something. */
  const NEVER =
    /throttled$|newLead$|dayCount$|access\.groups$|^open\.|^members\.(export|several|skipped)|moreDevices$|\.(good|few|missing)$/;

  it.each(counted.filter((key) => !NEVER.test(key)))('is not told as one by %s', (key) => {
    for (const locale of ['fr', 'en'] as const) {
      const values = { community: 'La MYNE' };
      const none = translate(locale, key, { ...values, count: 0 });
      expect(none).not.toBe(translate(locale, key, { ...values, count: 1 }));
    }
  });
});
