import { messageWithoutValues } from '../database/values-in-errors.ts';

/**
 * What is logged of an error beside its name, message and stack. All else may hold what a member typed: rows,
 * statements and parameters of PostgreSQL and TypeORM, answers of mail servers.
 */
const KEPT = [
  'code',
  'errno',
  'syscall',
  'address',
  'port',
  'path',
  'status',
  'statusCode',
  'severity',
  'schema',
  'table',
  'column',
  'constraint',
  'dataType',
  'routine',
  'position',
  'hint',
  'error_description',
] as const;
/** A cause of a cause of … */
const DEEPEST = 5;

/** An error as it is logged, with what caused it, and without anybody's data. */
export function serializeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return typeof error === 'object' ? '[not an error]' : error;
  const message = messageWithoutValues(error);
  const more = error as unknown as Record<string, unknown>;
  const kept = KEPT.filter((name) => ['string', 'number'].includes(typeof more[name]));
  const inner = depth < DEEPEST ? (more.driverError ?? error.cause) : undefined;
  const several = error instanceof AggregateError && depth < DEEPEST ? error.errors : undefined;
  return {
    type: error.constructor.name,
    message,
    stack: stackWithoutValues(error, message),
    ...Object.fromEntries(kept.map((name) => [name, more[name]])),
    ...(inner !== undefined && { cause: serializeError(inner, depth + 1) }),
    ...(several !== undefined && {
      errors: several.map((each) => serializeError(each, depth + 1)),
    }),
  };
}

/** The stack of an error; it begins with the message. */
export function stackWithoutValues(error: Error, message = messageWithoutValues(error)): string {
  return (error.stack ?? '').replace(error.message, () => message);
}
