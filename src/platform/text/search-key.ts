/**
 * The form in which text is searched: without accents, and without the capitals of ASCII. "Élodie" is found by
 * "elo". (The column `memberships.search_key` is the same, made by PostgreSQL.)
 */
export function searchKey(text: string): string {
  return text
    .normalize('NFD')
    .replaceAll(/[\u0300-\u036f]/g, '')
    .replaceAll(/[A-Z]+/g, (capitals) => capitals.toLowerCase());
}

/** A pattern of LIKE that matches what holds the text. */
export function containing(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`;
}
