import { readFileSync } from 'node:fs';

/** A block to copy, of a guide in `docs/`. */
export type Block = { section: string; language: string; text: string };

/** The fenced blocks of a guide, each with the title of its section. */
export function blocksOf(guide: string): Block[] {
  const text = readFileSync(new URL(`../../docs/${guide}`, import.meta.url), 'utf8');
  const blocks: Block[] = [];
  let section = '';
  let open: Block | undefined;
  for (const line of text.split('\n')) {
    const fence = /^```(\w*)$/.exec(line);
    if (fence !== null) {
      if (open !== undefined) blocks.push(open);
      open = open === undefined ? { section, language: fence[1] as string, text: '' } : undefined;
    } else if (open !== undefined) {
      open.text += `${line}\n`;
    } else if (line.startsWith('## ')) {
      section = line.slice(3);
    }
  }
  return blocks;
}

/** LDAP filters of a block: what is in balanced brackets and begins as a filter does. */
export function filtersOf({ text }: Block): string[] {
  const filters: string[] = [];
  for (let at = 0; at < text.length; at += 1) {
    if (!/^\((?:[&|!]\(|[A-Za-z][\w;:.-]*=)/.test(text.slice(at, at + 60))) continue;
    let depth = 0;
    let end = at;
    do {
      if (text[end] === '(') depth += 1;
      if (text[end] === ')') depth -= 1;
      end += 1;
    } while (depth > 0 && end < text.length);
    filters.push(text.slice(at, end));
    at = end;
  }
  return filters;
}
