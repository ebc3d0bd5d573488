import { open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { LOGO_MAX_BYTES, type Logo, toLogo } from '../../domain/communities/logo.ts';

/**
 * Reads a logo, named relative to the declarative file.
 * @returns the logo, or what is wrong with it
 */
export async function readLogo(file: string, name: string): Promise<Logo | { fault: string }> {
  const bytes = await readAtMost(resolve(dirname(file), name), LOGO_MAX_BYTES + 1);
  if (bytes === undefined)
    return {
      fault: `there is no file to read at ${name} (the name counts from the folder of this file)`,
    };
  const logo = toLogo(bytes);
  return 'fault' in logo ? { fault: `${name} ${logo.fault}` } : logo;
}

/** The beginning of a file; undefined when there is none to read. */
export async function readAtMost(path: string, limit: number): Promise<Buffer | undefined> {
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
