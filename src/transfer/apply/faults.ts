/** Keys and indexes that lead to a place in the file, such as `['communities', 0, 'slug']`. */
export type Path = readonly (string | number)[];

export type Fault = {
  file: string;
  /** Counted from 1. */
  line: number;
  column: number;
  /** Such as `communities[0].members[3].email`; empty for the file as a whole. */
  path: string;
  /** What is wrong and what to do; never a secret's value. */
  message: string;
};

/** Records a fault at a place of the file, for all of them to be told at once. */
export type Report = (path: Path, message: string) => void;

/** What a look at several keys together needs. */
export type Context = { report: Report; lineOf(path: Path): number; hubUrl: string };

/** A file that was refused, with all its faults: nothing of it was applied. */
export class ApplyError extends Error {
  override readonly name = 'ApplyError';
  /** One line each: `FILE:LINE:COL path.to.key: what is wrong, what to do`. */
  readonly faults: readonly string[];
  constructor(faults: readonly Fault[]) {
    const lines = faults.map(formatFault);
    const file = faults[0]?.file ?? 'the file';
    super(`${file}: nothing was applied, ${lines.length} fault(s):\n${lines.join('\n')}`);
    this.faults = lines;
  }
}

function formatFault({ file, line, column, path, message }: Fault): string {
  return `${file}:${line}:${column}${path === '' ? '' : ` ${path}`}: ${message}`;
}

export function formatPath(path: Path): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`))
    .join('')
    .replace(/^\./, '');
}
