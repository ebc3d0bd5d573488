import { parseDocument } from 'yaml';
import { isWhole } from '../../platform/text/whole-text.ts';
import { reportContradictions } from './contradictions.ts';
import { type CutText, cutMembers, type Piece } from './cut-members.ts';
import { type Raw, rows } from './raw.ts';
import { type ApplyDocument, fileSchema, type MemberEntry, memberSchema } from './schema.ts';

/**
 * What YAML makes of a text while it is read takes fifty times as much memory as the text. Of a few members it is
 * gone before the collector of garbage takes it for something that lasts.
 */
export const PIECE_ITEMS = 20;

/** Ends the reading: something is to be told, or not as it is mostly written. */
class Unusual extends Error {}

/**
 * Reads a file that is as it should be, its members some at a time: of each piece only the checked values stay.
 * @param onPiece told of how many members were read together
 * @returns undefined where anything is wrong, or written in a way that pieces cannot be read alone (anchors, say):
 * then the whole file is to be read at once, which tells the places of faults
 */
export function readInPieces(
  text: string,
  hubUrl: string,
  env: NodeJS.ProcessEnv,
  onPiece?: (items: number) => void,
): ApplyDocument | undefined {
  try {
    const cut = cutMembers(text, PIECE_ITEMS);
    const file = plainValue(cut.rest);
    const places = takePlaces(file, cut);
    const document = checked(fileSchema(env), file);
    const schema = memberSchema(env);
    for (const [index, pieces] of places) {
      const members: MemberEntry[] = [];
      for (const piece of pieces) {
        const items = itemsOf(text, piece);
        onPiece?.(items.length);
        for (const item of items) members.push(checked(schema, item));
      }
      for (const values of [file, document])
        (rows(values, 'communities')[index] as Raw).members = members;
    }
    const report = () => {
      throw new Unusual();
    };
    reportContradictions(file, { report, lineOf: () => 0, hubUrl });
    return document;
  } catch (error) {
    if (error instanceof Unusual) return undefined;
    throw error;
  }
}

/** Takes the words for lists out of a file's values; each must stand where the members of one community do. */
function takePlaces(file: unknown, { lists }: CutText): Map<number, Piece[]> {
  const open = new Map(lists.map(({ word, pieces }) => [word, pieces]));
  const places = new Map<number, Piece[]>();
  for (const [index, community] of rows(file, 'communities').entries()) {
    const word = community.members;
    const pieces = typeof word === 'string' ? open.get(word) : undefined;
    if (pieces === undefined) continue;
    places.set(index, pieces);
    open.delete(word as string);
    delete community.members;
  }
  if (open.size > 0) throw new Unusual();
  return places;
}

function itemsOf(text: string, { start, end, items }: Piece): unknown[] {
  const list = plainValue(text.slice(start, end), () => {
    throw new Unusual();
  });
  if (!Array.isArray(list) || list.length !== items) throw new Unusual();
  return list;
}

function plainValue(text: string, onAnchor?: () => void): unknown {
  const document = parseDocument(text, { prettyErrors: false, uniqueKeys: true });
  if (document.errors.length + document.warnings.length > 0) throw new Unusual();
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 1000, onAnchor });
  } catch {
    throw new Unusual();
  }
  if (!isWholeValue(value)) throw new Unusual();
  return value;
}

function isWholeValue(value: unknown): boolean {
  if (typeof value === 'string') return isWhole(value);
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isWholeValue);
  return Object.entries(value).every(([key, inner]) => isWhole(key) && isWholeValue(inner));
}

type Schema<Output> = {
  safeParse(value: unknown): { success: true; data: Output } | { success: false };
};

function checked<Output>(schema: Schema<Output>, value: unknown): Output {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new Unusual();
  return parsed.data;
}
