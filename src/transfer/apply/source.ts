import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
} from 'yaml';
import { type Fault, formatPath, type Path, type Report } from './faults.ts';

/** A file's text as YAML, which knows where each of its keys stands. */
export type Source = {
  /** Plain values; undefined when the text is not YAML. */
  value: unknown;
  faults: Fault[];
  report: Report;
  lineOf(path: Path): number;
};

/** What the library's codes mean. Its own messages may repeat parts of the text, passwords included. */
const SYNTAX: Record<string, string> = {
  ALIAS_PROPS: 'an alias (*name) takes no tag or anchor',
  BAD_ALIAS: 'a value that begins with * or & goes between quotes',
  BAD_DQ_ESCAPE: 'unknown escape between double quotes: use single quotes, or double the backslash',
  BAD_INDENT: 'the indentation does not fit the lines above, or a bracket is still open',
  BAD_SCALAR_START: 'a value that begins with a special character goes between quotes',
  BLOCK_AS_IMPLICIT_KEY:
    'a mapping cannot stand on this line: put it on lines of its own, or quote the value',
  DUPLICATE_KEY: 'this key stands twice in the same mapping: keep one of the two',
  MISSING_CHAR: 'a closing quote, bracket or colon is missing',
  MULTILINE_IMPLICIT_KEY: 'a key must be on one line, followed by a colon',
  MULTIPLE_DOCS: 'the file must hold one document: take away the line ---',
  TAB_AS_INDENT: 'indent with spaces, not with tabs',
  TAG_RESOLVE_FAILED: 'tags (!name) have no meaning here: put the value between quotes',
};

/** @param file the name that faults are told with */
export function readSource(file: string, text: string): Source {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
  });
  const faults: Fault[] = [];
  const add = (offset: number, path: string, message: string) => {
    const { line, col } = lines.linePos(offset);
    faults.push({ file, line: Math.max(line, 1), column: Math.max(col, 1), path, message });
  };

  for (const problem of [...document.errors, ...document.warnings]) {
    add(
      problem.pos[0],
      '',
      SYNTAX[problem.code] ?? 'this is not YAML: check quotes, colons and indentation',
    );
  }
  if (faults.length === 0)
    reportLostAliases(document, (offset) => add(offset, '', SYNTAX.BAD_ALIAS as string));

  return {
    value: faults.length === 0 ? plainValue(document, (message) => add(0, '', message)) : undefined,
    faults,
    report: (path, message) => add(offsetOf(document, path), formatPath(path), message),
    lineOf: (path) => lines.linePos(offsetOf(document, path)).line,
  };
}

/** The source of a file without a fault, as far as it tells by itself; it is read once there is one. */
export function faultlessSource(file: string, text: string): Source {
  let source: Source | undefined;
  const read = () => {
    source ??= readSource(file, text);
    return source;
  };
  return {
    get value() {
      return read().value;
    },
    get faults() {
      return source?.faults ?? [];
    },
    report: (path, message) => read().report(path, message),
    lineOf: (path) => read().lineOf(path),
  };
}

function reportLostAliases(document: Document, add: (offset: number) => void): void {
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.resolve(document) === undefined) add(alias.range?.[0] ?? 0);
    },
  });
}

function plainValue(document: Document, fail: (message: string) => void): unknown {
  try {
    return document.toJS({ maxAliasCount: 1000 });
  } catch {
    // The one thing left that can go wrong: aliases of aliases that grow without bounds.
    fail('the aliases (*name) of this file stand for too much');
    return undefined;
  }
}

/** Offset of the deepest place on the way to a path: of its key, where that is in a mapping. */
function offsetOf(document: Document, path: Path): number {
  let node: unknown = document.contents;
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === step);
      if (pair === undefined) return offset;
      offset = (isNode(pair.key) ? pair.key.range?.[0] : undefined) ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof step === 'number') {
      node = node.items[step];
      if (!isNode(node)) return offset;
      offset = node.range?.[0] ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}
