/** PostgreSQL settings by name; given on the command line, so that the code always has the last word. */
export type Settings = Record<string, string>;

/** Durable, and small: one box, a hub's ten to forty connections, no replicas. */
export const SMALL_BOX: Settings = {
  max_connections: '100',
  shared_buffers: '64MB',
  effective_cache_size: '256MB',
  maintenance_work_mem: '32MB',
  wal_buffers: '2MB',
  max_wal_size: '256MB',
  huge_pages: 'off',
  // Durability, said aloud although these are the defaults: a file in the cluster cannot weaken it.
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  // Processes that a small box has no use for.
  io_method: 'sync',
  autovacuum_max_workers: '2',
  max_parallel_workers_per_gather: '0',
  max_logical_replication_workers: '0',
  max_wal_senders: '2',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  // A statement or a DETAIL line can hold a member's data: the log says what went wrong, not with whom.
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
  log_line_prefix: '%m [%p] ',
};

/** As arguments of `postgres`. */
export function settingArguments(settings: Settings): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
