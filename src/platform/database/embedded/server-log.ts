import { chmod, copyFile, open, stat, truncate } from 'node:fs/promises';

/** Bytes; one older part of the same size is kept beside it, as `….1`. */
const LARGEST_LOG = 5_000_000;

/** In bytes; 0 when there is none yet. */
export async function logSize(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

/** What PostgreSQL wrote since `start`, at most its last 4,000 bytes. */
export async function readLogFrom(path: string, start: number): Promise<string> {
  const size = await logSize(path);
  // Cut short meanwhile: all there is is newer than `start`.
  const from = Math.max(size < start ? 0 : start, size - 4_000);
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/**
 * Keeps the log from growing without end. Copied and emptied, not renamed: PostgreSQL, maybe not even
 * our child, holds it open for appending.
 */
export async function boundLog(path: string, largest = LARGEST_LOG): Promise<void> {
  if ((await logSize(path)) <= largest) return;
  await copyFile(path, `${path}.1`);
  await chmod(`${path}.1`, 0o600);
  await truncate(path);
}
