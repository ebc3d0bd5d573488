import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { LOGO_MAX_BYTES, type Logo, toLogo } from '../../domain/communities/logo.ts';

/**
 * Reads a logo.
 * @param folder that the name counts from; absent: the present one
 * @returns the logo, or what is wrong with it
 */
export async function readLogo(name: string, folder?: string): Promise<Logo | { fault: string }> {
  const bytes = await readAtMost(resolve(folder ?? '.', name), LOGO_MAX_BYTES + 1);
  if (bytes === undefined) {
    const hint = folder === undefined ? '' : ' (the name counts from the folder of this file)';
    return { fault: `there is no file to read at ${name}${hint}` };
  }
  const logo = toLogo(bytes);
  return 'fault' in logo ? { fault: `${name} ${logo.fault}` } : logo;
}

/** The beginning of a file; undefined when there is none to read. */
async function readAtMost(path: string, limit: number): Promise<Buffer | undefined> {
  try {
    await using file = await open(path, 'r');
    if (!(await file.stat()).isFile()) return undefined;
    const buffer = Buffer.alloc(limit);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, limit - length);
      length += bytesRead;
      if (bytesRead === 0 || length === limit) return buffer.subarray(0, length);
    }
  } catch {
    return undefined;
  }
}
