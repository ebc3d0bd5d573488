import type { Filter } from '../../../src/protocols/ldap/protocol/filter.ts';

type Cursor = { text: string; at: number };

/** Reads a filter in its string form (RFC 4515 §3); throws on what is not one. */
export function parseFilter(text: string): Filter {
  const cursor = { text, at: 0 };
  const filter = readFilter(cursor);
  if (cursor.at !== text.length) throw new Error(`more follows the filter: ${text}`);
  return filter;
}

function readFilter(cursor: Cursor): Filter {
  expect(cursor, '(');
  const first = cursor.text[cursor.at];
  let filter: Filter;
  if (first === '&' || first === '|') {
    cursor.at++;
    const filters: Filter[] = [];
    while (cursor.text[cursor.at] === '(') filters.push(readFilter(cursor));
    filter = { type: first === '&' ? 'and' : 'or', filters };
  } else if (first === '!') {
    cursor.at++;
    filter = { type: 'not', filter: readFilter(cursor) };
  } else filter = readItem(cursor);
  expect(cursor, ')');
  return filter;
}

function readItem(cursor: Cursor): Filter {
  const item = /^([^()=~<>:]*)((?::[^:()=]+)*)(:=|~=|>=|<=|=)([^()]*)/.exec(
    cursor.text.slice(cursor.at),
  );
  if (!item) throw new Error(`not a filter at ${cursor.at}: ${cursor.text}`);
  const [whole, attribute = '', matching = '', operator, value = ''] = item;
  cursor.at += whole.length;
  switch (operator) {
    case ':=':
      return extensible(attribute, matching, value);
    case '~=':
      return { type: 'approximate', attribute, value: unescapeValue(value) };
    case '>=':
      return { type: 'greaterOrEqual', attribute, value: unescapeValue(value) };
    case '<=':
      return { type: 'lessOrEqual', attribute, value: unescapeValue(value) };
    default:
      return presentEqualOrSubstrings(attribute, value);
  }
}

function presentEqualOrSubstrings(attribute: string, value: string): Filter {
  if (value === '*') return { type: 'present', attribute };
  const parts = value.split('*').map(unescapeValue);
  if (parts.length === 1) return { type: 'equality', attribute, value: parts[0] as string };
  return {
    type: 'substrings',
    attribute,
    initial: parts[0] || undefined,
    any: parts.slice(1, -1).filter((part) => part !== ''),
    final: parts.at(-1) || undefined,
  };
}

/** `attribute:dn:rule:=value`, each of the three parts optional. */
function extensible(attribute: string, matching: string, value: string): Filter {
  const parts = matching.split(':').slice(1);
  const dnAttributes = parts[0]?.toLowerCase() === 'dn';
  return {
    type: 'extensible',
    rule: (dnAttributes ? parts[1] : parts[0]) || undefined,
    attribute: attribute || undefined,
    value: unescapeValue(value),
    dnAttributes,
  };
}

/** A backslash and two hexadecimal digits stand for a byte; the bytes are UTF-8 together. */
function unescapeValue(value: string): string {
  if (!value.includes('\\')) return value;
  const latin = Buffer.from(value)
    .toString('latin1')
    .replace(/\\([0-9a-fA-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(latin, 'latin1').toString();
}

function expect(cursor: Cursor, character: string): void {
  if (cursor.text[cursor.at] !== character)
    throw new Error(`"${character}" was expected at ${cursor.at}: ${cursor.text}`);
  cursor.at++;
}
