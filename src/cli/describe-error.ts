import { CommanderError } from 'commander';
import { DomainError } from '../domain/errors.ts';
import { whyAway } from '../platform/database/availability.ts';
import { messageWithoutValues } from '../platform/database/values-in-errors.ts';
import { line } from './output.ts';

/** `reason` is one line; `faults` are the lines of an error that has several. */
export type Description = { reason: string; faults: string[] };

// Errors whose message was written for the person at the terminal, as all of the domain's are.
const EXPECTED = new Set([
  'CommandError',
  'SealError',
  'SealingKeyError',
  'DataFolderInUseError',
  'EmbeddedPostgresError',
  'ListenError',
  'TooManyError',
  'SchemaMismatchError',
  'AnnouncementsUnheardError',
]);

/** What an operator needs of an error; the stack is for `LOG_LEVEL=debug`. */
export function describeError(error: unknown): Description {
  if (error instanceof CommanderError) return { reason: usage(error.message), faults: [] };
  if (!(error instanceof Error)) return { reason: line(String(error)), faults: [] };
  if ('faults' in error && Array.isArray(error.faults)) return listed(error, error.faults);
  const isExpected = error instanceof DomainError || EXPECTED.has(error.name);
  const reason = isExpected ? error.message : system(error);
  return { reason: line(reason.trim().split('\n')[0] ?? ''), faults: [] };
}

/** Commander's message and suggestion on one line. */
function usage(message: string): string {
  return line(message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' '));
}

/** What has several faults, such as the settings or a file: each is a line that stands alone. */
function listed({ name, message }: Error, faults: unknown[]): Description {
  const texts = faults.every((fault) => typeof fault === 'string') ? faults : message.split('\n');
  const lines = texts.map(line);
  if (lines.length === 1) return { reason: lines[0] as string, faults: [] };
  const what = name === 'ApplyError' ? 'the file' : 'the configuration';
  return { reason: `${what} has ${lines.length} faults; nothing was done`, faults: lines };
}

type SystemError = Error & { code?: string; address?: string; port?: number; syscall?: string };

function system(error: Error): string {
  // A name with several addresses fails with one error for each.
  const first = error instanceof AggregateError ? (error.errors[0] ?? error) : error;
  const { code, address, port, syscall, message } = first as SystemError;
  if (syscall === 'connect' || syscall === 'getaddrinfo') {
    const where =
      address === undefined ? '' : ` at ${address}${port === undefined ? '' : `:${port}`}`;
    return `cannot reach the database${where} (${code})`;
  }
  if (code !== undefined && /^[0-9A-Z]{5}$/.test(code)) {
    const why = whyAway(error);
    return why === undefined
      ? `the database says: ${messageWithoutValues(first)}`
      : `${why} (${code})`;
  }
  if (syscall !== undefined) return message;
  return `${message || error.name} (LOG_LEVEL=debug tells more)`;
}
