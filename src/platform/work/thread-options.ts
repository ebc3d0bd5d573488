import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import type { WorkerOptions } from 'node:worker_threads';

/**
 * A thread of ours knows nothing of the environment, with its secrets, but where compiled code is kept: without it, each
 * thread would read TypeScript anew, for longer than all else of its start.
 */
export function threadOptions(): WorkerOptions {
  // The folder of this very Node's, below the one that was asked for.
  const folder = getCompileCacheDir();
  return { env: folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) } };
}
