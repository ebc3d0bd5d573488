import { stringify } from 'csv-stringify/sync';
import type { Locale } from '../../platform/i18n/locale.ts';

/**
 * Rows of a table as text (RFC 4180). What a spreadsheet would take for a formula begins with an apostrophe. Excel in
 * French reads semicolons, and UTF-8 by its byte order mark.
 * @param isFirst whether it is the beginning of the file, with the names of the columns
 */
export function csvRows<Column extends string>(
  columns: readonly Column[],
  rows: readonly Record<Column, string>[],
  { locale, isFirst }: { locale: Locale; isFirst: boolean },
): string {
  return stringify([...rows], {
    columns: [...columns],
    header: isFirst,
    bom: isFirst,
    delimiter: locale === 'fr' ? ';' : ',',
    record_delimiter: 'windows',
    escape_formulas: true,
  });
}
