import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type WorkFolder = { path: string; remove(): Promise<void> };

/** An empty folder that is gone after the test. */
export async function makeWorkFolder(name: string): Promise<WorkFolder> {
  const path = await mkdtemp(join(tmpdir(), `trousseau-interop-${name}-`));
  // Apache, started by root, reads as www-data.
  await chmod(path, 0o755);
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
