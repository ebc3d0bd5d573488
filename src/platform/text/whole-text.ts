import { isUtf8 } from 'node:buffer';

/** What decoders put in the place of bytes that are no letter. */
const LOST = '\ufffd';

/**
 * Whether no letter of a text was lost on its way here. U+FFFD stands where bytes were no UTF-8, whoever decoded
 * them; half of a surrogate pair would become it in the database, and NUL cannot be kept at all. Nobody types
 * any of the three (docs/decisions/0039-text-that-is-whole.md).
 */
export function isWhole(text: string): boolean {
  return !text.includes(LOST) && !text.includes('\0') && text.isWellFormed();
}

/** Bytes that should be text in UTF-8, and are not. */
export class EncodingError extends Error {
  override readonly name = 'EncodingError';
  /** Counted from 1; columns in characters. */
  readonly line: number;
  readonly column: number;
  constructor(message: string, { line, column }: { line: number; column: number }) {
    super(message);
    this.line = line;
    this.column = column;
  }
}

/**
 * The text of a file or of standard input, in UTF-8; a byte order mark before it is taken away.
 * @throws EncodingError that says where it ceases to be text, and how to mend it; never what stands there
 */
export function decodeText(bytes: Uint8Array): string {
  if (hasMark(bytes, 0xff, 0xfe) || hasMark(bytes, 0xfe, 0xff)) {
    throw new EncodingError(
      'is UTF-16, which some editors call "Unicode": save it as UTF-8',
      placeAt(''),
    );
  }
  const text = new TextDecoder('utf-8').decode(bytes);
  if (isWhole(text)) return text;
  const nul = text.indexOf('\0');
  const lost = text.indexOf(LOST);
  if (nul >= 0 && (lost < 0 || nul < lost)) {
    throw new EncodingError(
      'holds a NUL character, which no text does: if it is UTF-16, save it as UTF-8',
      placeAt(text.slice(0, nul)),
    );
  }
  throw new EncodingError(reasonOf(bytes, text), placeAt(text.slice(0, lost)));
}

function reasonOf(bytes: Uint8Array, text: string): string {
  if (isUtf8(bytes)) {
    return 'holds the sign U+FFFD, which stands for a letter that an earlier conversion lost: type that letter again';
  }
  // Where no letter beyond ASCII came through, none was written in UTF-8.
  const isOther = !/[^\p{ASCII}\ufffd]/u.test(text);
  return isOther
    ? 'is not UTF-8, but probably Windows-1252 (Latin-1): save it as UTF-8, or convert it with: iconv -f WINDOWS-1252 -t UTF-8'
    : 'is UTF-8 in part only: from here on something else was put in; type it again, and save it as UTF-8';
}

function placeAt(before: string): { line: number; column: number } {
  const start = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: [...before.slice(start)].length + 1 };
}

function hasMark(bytes: Uint8Array, first: number, second: number): boolean {
  return bytes[0] === first && bytes[1] === second;
}
