import { access, constants, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';

const IN_MEMORY = '/dev/shm';
const ROOM = 2 * 1024 ** 3;

/**
 * The folder for what tests throw away. In memory where Linux has room there: a database is some 1,500 files, which
 * take a disk half a second to make. Elsewhere the system's, which everybody may enter (the databases of tests that
 * root runs are another user's).
 */
export async function scratchFolder(): Promise<string> {
  try {
    const { bavail, bsize } = await statfs(IN_MEMORY);
    await access(IN_MEMORY, constants.W_OK | constants.X_OK);
    if (bavail * bsize >= ROOM) return IN_MEMORY;
  } catch {
    // There is none.
  }
  // TMPDIR may be root's alone.
  return process.geteuid?.() === 0 ? '/tmp' : tmpdir();
}
