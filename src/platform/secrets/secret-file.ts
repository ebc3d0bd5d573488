import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Config, ConfigurationError } from '../config/config.ts';
import { decodeText, EncodingError } from '../text/whole-text.ts';

/**
 * The sealing keys, newest first: those of `TROUSSEAU_SECRET`, else those of the secret file, one a line.
 * @returns undefined where there are none and nobody named a place: a new hub's are made in the data folder
 * @throws ConfigurationError
 */
export async function readSecrets(config: Config): Promise<string[] | undefined> {
  if (config.secrets.length > 0) return config.secrets;
  const existing = await readSecretFile(config.secretFile);
  if (existing !== undefined) return existing;
  if (config.secretFileIsGiven) {
    throw new ConfigurationError([
      `TROUSSEAU_SECRET_FILE: there is no file at ${config.secretFile}`,
    ]);
  }
  if (config.databaseUrl !== undefined) {
    throw new ConfigurationError([
      'TROUSSEAU_SECRET: with DATABASE_URL, give the key as TROUSSEAU_SECRET or TROUSSEAU_SECRET_FILE, ' +
        'the same for every process; make one with: openssl rand -base64 32',
    ]);
  }
  return undefined;
}

/** Where the keys come from, for whoever has to look there. */
export function keySource(config: Config): string {
  if (config.secrets.length > 0) return 'TROUSSEAU_SECRET';
  return config.secretFileIsGiven
    ? `TROUSSEAU_SECRET_FILE (${config.secretFile})`
    : `the file of the sealing key, ${config.secretFile},`;
}

/** Makes the key of a new hub, mode 0600, in the data folder. */
export async function makeSecretFile(config: Config): Promise<string[]> {
  await makePrivateFolder(dirname(config.secretFile));
  try {
    const file = await open(config.secretFile, 'wx', 0o600);
    await file.writeFile(`${randomBytes(32).toString('base64')}\n`);
    await file.sync();
    await file.close();
  } catch (error) {
    // Another process may have made it in the same instant: its key is the one that counts.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return (await readSecretFile(config.secretFile)) as string[];
}

/** The folder itself is private; those above it stay passable, for the database's own user. */
async function makePrivateFolder(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

async function readSecretFile(path: string): Promise<string[] | undefined> {
  let text: string;
  try {
    text = decodeText(await readFile(path));
  } catch (error) {
    if (error instanceof EncodingError) {
      throw new ConfigurationError([
        `TROUSSEAU_SECRET_FILE: ${path}:${error.line}:${error.column}: the file ${error.message}`,
      ]);
    }
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const secrets = text.split(/\s+/).filter(Boolean);
  if (secrets.length === 0 || secrets.some((secret) => secret.length < 32)) {
    throw new ConfigurationError([
      `TROUSSEAU_SECRET_FILE: ${path} must hold keys of at least 32 characters, one a line, newest first`,
    ]);
  }
  return secrets;
}
