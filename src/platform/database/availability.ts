import { isPostgresError } from './postgres-error.ts';

/**
 * SQLSTATEs, by class or code (PostgreSQL 18 manual, appendix A), with which the database says that it cannot do
 * now what it otherwise could: whoever comes again later may be served, and nobody asked for anything wrong.
 */
const AWAY: Record<string, string> = {
  '08': 'the connection to the database broke',
  '25006': 'the database is read-only: a standby, or made so (default_transaction_read_only)',
  '25P03': 'the database ended a transaction that took too long',
  '25P04': 'the database ended a transaction that took too long',
  '28': 'the database does not let the hub in',
  '3D000': 'the database is gone',
  '40': 'the database broke off what met with something else',
  '53100': 'the disk of the database is full',
  '53200': 'the database is out of memory',
  '53300': 'the database has no connection left',
  '53': 'the database has reached a limit of its machine',
  '55P03': 'the database waited too long for a lock',
  '55006': 'the database is being changed',
  '57014': 'the database broke off what took too long',
  '57P': 'the database is starting, stopping or restarting',
  '58': 'the disk or the system of the database fails',
  '58030': 'the disk of the database fails',
  F0: 'the settings of the database are broken',
  XX001: 'the database is damaged',
  XX002: 'an index of the database is damaged',
};
/** Longest first: a code speaks before its class. */
const CODES = Object.keys(AWAY).sort((a, b) => b.length - a.length);

const NETWORK = [
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EACCES',
  'EPIPE',
  'ETIMEDOUT',
];
/** What the connection of a socket or the resolving of a name says; a file that is missing says something else. */
const CALLS = ['connect', 'read', 'write', 'getaddrinfo'];
const WORDS =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end|The server does not support SSL|There was an error establishing an SSL)/;

/**
 * Why the database could not serve, in words, if that is what the error says: it cannot be reached, is starting
 * or stopping, is read-only or full, or has no connection left. Undefined for everything else.
 */
export function whyAway(error: unknown): string | undefined {
  for (const each of partsOf(error)) {
    if (isPostgresError(each)) {
      const code = CODES.find((start) => each.code.startsWith(start));
      return code && AWAY[code];
    }
    const { code, syscall, message } = each as NodeJS.ErrnoException;
    if (NETWORK.includes(code ?? '') && CALLS.includes(syscall ?? '')) {
      return 'the database cannot be reached';
    }
    if (WORDS.test(message)) return 'the connection to the database broke';
  }
  return undefined;
}

export function isDatabaseAway(error: unknown): boolean {
  return whyAway(error) !== undefined;
}

/**
 * An error, that of the driver in one of TypeORM's, and of several at once (a name with two addresses) each. Not
 * what caused it: that may be an app's server that is away.
 */
function* partsOf(error: unknown): Generator<Error> {
  if (!(error instanceof Error)) return;
  yield error;
  if (error instanceof AggregateError) yield* error.errors;
  if ('driverError' in error) yield* partsOf(error.driverError);
}
