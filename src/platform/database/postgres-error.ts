/** An error that PostgreSQL sent (protocol 3, §54.8), as `pg` gives it. */
export type PostgresError = Error & {
  severity: string;
  /** SQLSTATE. */
  code: string;
  detail?: string | undefined;
  where?: string | undefined;
  internalQuery?: string | undefined;
};

/** Told by what it has: commands that need no database do not load `pg` to name their errors. */
export function isPostgresError(error: unknown): error is PostgresError {
  if (!(error instanceof Error) || !('severity' in error) || !('code' in error)) return false;
  return typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code);
}
