/** A part of a file's text that is a list by itself. */
export type Piece = { start: number; end: number; items: number };

/** A text out of which the lists of members were cut; in the place of each stands its word. */
export type CutText = { rest: string; lists: { word: string; pieces: Piece[] }[] };

const KEY = /(?<=^|\n)( *(?:- +)?)members:[ \t]*(?:#.*)?\r?\n/g;

/**
 * Cuts the lists of members, written with a dash at the beginning of each item's line, out of a text, each in pieces
 * of so many items. It looks at indentation alone, and so may cut what is no list, such as lines of a long text:
 * then a word does not stand where a list should, or a piece is no YAML.
 */
export function cutMembers(text: string, size: number): CutText {
  const lists: CutText['lists'] = [];
  let rest = '';
  let done = 0;
  KEY.lastIndex = 0;
  for (let key = KEY.exec(text); key !== null; key = KEY.exec(text)) {
    const before = key[1] as string;
    const pieces = piecesOf(text, KEY.lastIndex, before.length, size);
    const end = pieces.at(-1)?.end;
    if (end === undefined) continue;
    const word = `members-${lists.length}`;
    rest += `${text.slice(done, key.index)}${before}members: ${word}\n`;
    lists.push({ word, pieces });
    done = end;
    KEY.lastIndex = end;
  }
  return { rest: rest + text.slice(done), lists };
}

/** The pieces of a list that begins here, at this depth or deeper; none when there is no list. */
function piecesOf(text: string, start: number, depth: number, size: number): Piece[] {
  const pieces: Piece[] = [];
  let listDepth = -1;
  let at = start;
  while (at < text.length) {
    const next = text.indexOf('\n', at) + 1 || text.length;
    const content = contentAt(text, at);
    const indent = content - at;
    if (!isEmpty(text[content])) {
      if (listDepth < 0 && indent >= depth) listDepth = indent;
      const isItem = indent === listDepth && isDash(text, content);
      if (indent < listDepth || listDepth < 0 || (indent === listDepth && !isItem)) break;
      if (isItem) take(pieces, at, size, start);
    }
    at = next;
    const last = pieces.at(-1);
    if (last !== undefined) last.end = next;
  }
  return pieces;
}

/** Counts one more item, in a new piece where the last one is full. */
function take(pieces: Piece[], at: number, size: number, start: number): void {
  const last = pieces.at(-1);
  if (last !== undefined && last.items < size) last.items += 1;
  else pieces.push({ start: last === undefined ? start : at, end: at, items: 1 });
}

function contentAt(text: string, start: number): number {
  let at = start;
  while (text[at] === ' ') at += 1;
  return at;
}

/** Blank lines and remarks belong to whatever is around them. */
function isEmpty(character: string | undefined): boolean {
  return character === undefined || '\r\n#'.includes(character);
}

function isDash(text: string, at: number): boolean {
  return text[at] === '-' && [undefined, ' ', '\r', '\n'].includes(text[at + 1]);
}
