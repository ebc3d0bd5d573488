/** A mapping of a file that nothing is known about yet. */
export type Raw = Record<string, unknown>;

export function record(value: unknown): Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Raw) : {};
}

/** The mappings of a list; what is not one counts as an empty one, so that indexes stay true. */
export function rows(parent: unknown, key: string): Raw[] {
  const list = record(parent)[key];
  return Array.isArray(list) ? list.map(record) : [];
}

/** The texts of a list; what is not text counts as empty text, so that indexes stay true. */
export function strings(list: unknown): string[] {
  return Array.isArray(list) ? list.map((value) => (typeof value === 'string' ? value : '')) : [];
}

export function textAt(row: Raw, key: string): string | undefined {
  const value = row[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
