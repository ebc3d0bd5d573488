import type pg from 'pg';
import { isPostgresError } from './postgres-error.ts';

/**
 * Classes of SQLSTATEs (PostgreSQL 18 manual, appendix A) whose messages name what is PostgreSQL's own: tables,
 * constraints, roles, files. Those of others quote what was sent, such as an e-mail address that is no number.
 */
const NAMES_ONLY = /^(08|0A|23|25|28|2D|3B|3D|40|42(?!601)|53|55|57|58|TR)/;

/** Takes out of an error of PostgreSQL what it quotes of rows, statements and parameters. */
export function dropValues(error: unknown): void {
  if (!isPostgresError(error)) return;
  // A DETAIL shows the row that failed, a CONTEXT the parameters and the line that was copied.
  for (const name of ['detail', 'where', 'internalQuery'] as const) error[name] = undefined;
  error.message = messageWithoutValues(error);
}

/** The message of an error, without values of rows, statements and parameters. */
export function messageWithoutValues(error: Error): string {
  const { message } = error;
  if (!isPostgresError(error) || NAMES_ONLY.test(error.code)) return message;
  return message.replace(/".*"/s, '"[removed]"').replace(/: .*$/s, ': [removed]');
}

/** Whatever runs on the connection, its errors hold no values: those of libraries, and those that nobody catches. */
export function keepValuesOut(client: pg.Client | pg.PoolClient): void {
  const { connection } = client as unknown as { connection: NodeJS.EventEmitter };
  connection.prependListener('errorMessage', dropValues);
}
