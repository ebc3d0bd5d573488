import type { z } from 'zod';
import { isWhole } from '../../platform/text/whole-text.ts';
import { reportContradictions } from './contradictions.ts';
import { ApplyError, type Path, type Report } from './faults.ts';
import { didYouMean } from './nearest.ts';
import { readInPieces } from './read-in-pieces.ts';
import { type ApplyDocument, fileSchema } from './schema.ts';
import { faultlessSource, readSource, type Source } from './source.ts';

export type ParsedFile = { document: ApplyDocument; source: Source };

/**
 * Reads the text of a declarative file.
 * @param file the name that faults are told with
 * @param hubUrl base URL of the hub, without a trailing slash
 * @throws ApplyError with every fault of the file, in the order of its lines
 */
export function parseFile(
  file: string,
  text: string,
  hubUrl: string,
  env: NodeJS.ProcessEnv,
): ParsedFile {
  const document = readInPieces(text, hubUrl, env);
  if (document !== undefined) return { document, source: faultlessSource(file, text) };
  const source = readSource(file, text);
  if (source.faults.length > 0) throw new ApplyError(source.faults);
  if (source.value === null || source.value === undefined) {
    source.report([], 'the file is empty: begin it with "version: 1"');
    throw new ApplyError(source.faults);
  }
  reportLostLetters(source.value, [], source.report);
  throwFaults(source);
  const parsed = fileSchema(env).safeParse(source.value);
  for (const issue of parsed.error?.issues ?? []) reportIssue(source.report, issue);
  // Contradictions look at the plain values, so that they are told even where a value is wrong, too.
  reportContradictions(source.value, { report: source.report, lineOf: source.lineOf, hubUrl });
  throwFaults(source);
  return { document: parsed.data as ApplyDocument, source };
}

/** Texts by escapes ("\\ufffd", "\\ud800") that no bytes of the file could be. */
function reportLostLetters(value: unknown, path: Path, report: Report): void {
  if (typeof value === 'string') {
    if (!isWhole(value)) {
      report(path, 'holds NUL, U+FFFD or half of a character: type the letter that is meant');
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      const step = Array.isArray(value) ? Number(key) : key;
      if (!isWhole(key)) report(path, 'has a key with NUL, U+FFFD or half of a character');
      reportLostLetters(inner, [...path, step], report);
    }
  }
}

/** @throws ApplyError when faults were reported, in the order of the file */
export function throwFaults({ faults }: Source): void {
  if (faults.length === 0) return;
  throw new ApplyError(faults.toSorted((a, b) => a.line - b.line || a.column - b.column));
}

function reportIssue(report: Report, issue: z.core.$ZodIssue): void {
  const path = issue.path as Path;
  if (issue.code !== 'unrecognized_keys') {
    report(path, issue.message);
    return;
  }
  const known = issue.message.split(', ');
  for (const key of issue.keys) {
    report(
      [...path, key],
      `is not a key here${didYouMean(key, known)}; the keys are ${issue.message}`,
    );
  }
}
