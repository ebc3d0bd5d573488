import { stringify } from 'csv-stringify/sync';
import type { ListedMember } from '../../domain/memberships/list-members.ts';
import type { Locale } from '../../platform/i18n/locale.ts';

/** Columns of the file, which is what can be read in again. */
const COLUMNS = ['username', 'name', 'email', 'role', 'status', 'groups', 'since'] as const;

/**
 * Rows of a table of members (RFC 4180). What a spreadsheet would take for a formula begins with an apostrophe.
 * Excel in French reads semicolons, and UTF-8 by its byte order mark.
 */
export function csvRows(
  members: readonly ListedMember[],
  locale: Locale,
  isFirst: boolean,
): string {
  return stringify(
    members.map(({ username, displayName, email, role, status, groups, createdAt }) => ({
      username,
      name: displayName,
      email: email ?? '',
      role,
      status,
      groups: groups.join('|'),
      since: createdAt.toISOString().slice(0, 10),
    })),
    {
      columns: [...COLUMNS],
      header: isFirst,
      bom: isFirst,
      delimiter: locale === 'fr' ? ';' : ',',
      record_delimiter: 'windows',
      escape_formulas: true,
    },
  );
}
