/** What a command did: a line (or a table) for people, a value for programs. */
export type Outcome = { text: string; value: unknown };
export type JsonOption = { json?: boolean };

/** Prints what a command did, on standard output, as `--json` says. */
export async function report(options: JsonOption, work: () => Promise<Outcome>): Promise<void> {
  const { text, value } = await work();
  process.stdout.write(options.json ? `${JSON.stringify(value, null, 2)}\n` : `${text}\n`);
}

// Control characters, and those that turn the direction of a line: a name could rewrite the terminal.
const UNPRINTABLE = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/** A text from the database as one harmless line. */
export function line(text: string): string {
  return text.replace(UNPRINTABLE, '\ufffd');
}

export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, ...rows].map((row) => row.map(line));
  const widths = header.map((_, column) => Math.max(...lines.map((row) => width(row[column]))));
  return lines
    .map((row) =>
      row
        .map((cell, column) => pad(cell, widths[column] as number))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** `name: value` lines; what is null, undefined or empty is left out. */
export function fields(entries: Record<string, string | number | null | undefined>): string {
  const present = Object.entries(entries).filter(([, value]) => value != null && value !== '');
  const longest = Math.max(...present.map(([name]) => width(name)));
  return present
    .map(([name, value]) => `${pad(`${name}:`, longest + 1)} ${line(String(value))}`)
    .join('\n');
}

/** `1 member`, `2 members`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function width(cell = ''): number {
  return [...cell].length;
}

function pad(cell: string, to: number): string {
  return cell + ' '.repeat(Math.max(0, to - width(cell)));
}
