import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from 'node:tls';
import pg from 'pg';
import type { DatabaseAddress } from '../config/database-url.ts';

/** Wrong password, no such role or database: encrypted or not, the answer would be the same. */
const SAME_EITHER_WAY = ['28P01', '3D000'];
const NO_TLS = /does not support SSL/;

/**
 * The settings with which `pg` connects as libpq would. For `prefer` and `allow` a first connection finds
 * out whether the server speaks TLS; that holds for as long as the process runs.
 * @throws what the connection failed with, for `prefer` and `allow`
 */
export async function connectOptions(address: DatabaseAddress): Promise<pg.ClientConfig> {
  const { ssl, connectTimeoutMs } = address;
  const plain: pg.ClientConfig = {
    host: address.host,
    port: address.port,
    user: address.user,
    password: address.password,
    database: address.database,
    application_name: address.applicationName ?? 'trousseau',
    options: address.options,
    connectionTimeoutMillis: connectTimeoutMs ?? 5_000,
    keepAlive: true,
    ssl: false,
  };
  // A socket never leaves the machine: libpq does not encrypt it either.
  if (address.host.startsWith('/') || ssl.mode === 'disable') return plain;
  const encrypted: pg.ClientConfig & { sslnegotiation?: string } = {
    ...plain,
    ssl: await tlsOptions(ssl),
    ...(ssl.direct && { sslnegotiation: 'direct' }),
  };
  if (ssl.mode === 'prefer') return firstThatConnects([encrypted, plain]);
  if (ssl.mode === 'allow') return firstThatConnects([plain, encrypted]);
  return encrypted;
}

async function tlsOptions(ssl: DatabaseAddress['ssl']): Promise<ConnectionOptions> {
  const read = (path: string | undefined) =>
    path === undefined ? undefined : readFile(path, 'utf8');
  const verifies = ssl.mode === 'verify-ca' || ssl.mode === 'verify-full';
  const ca = await read(ssl.rootCert === 'system' ? undefined : ssl.rootCert);
  const cert = await read(ssl.cert);
  const key = await read(ssl.key);
  return {
    rejectUnauthorized: verifies,
    ...(verifies && ca !== undefined && { ca }),
    // The authority vouches for the server, whatever its name.
    ...(ssl.mode === 'verify-ca' && { checkServerIdentity: () => undefined }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(ssl.passphrase !== undefined && { passphrase: ssl.passphrase }),
    ...(ssl.minVersion !== undefined && { minVersion: ssl.minVersion }),
    ...(ssl.maxVersion !== undefined && { maxVersion: ssl.maxVersion }),
  };
}

async function firstThatConnects(
  choices: [pg.ClientConfig, pg.ClientConfig],
): Promise<pg.ClientConfig> {
  const [first, second] = choices;
  try {
    await tryOut(first);
    return first;
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    // Nobody is there, or who is there knows us and says no.
    if (
      syscall === 'connect' ||
      syscall === 'getaddrinfo' ||
      SAME_EITHER_WAY.includes(code ?? '')
    ) {
      throw error;
    }
    if (!NO_TLS.test((error as Error).message)) {
      await tryOut(second).catch(() => {
        throw error;
      });
    }
    return second;
  }
}

async function tryOut(config: pg.ClientConfig): Promise<void> {
  const client = new pg.Client(config);
  client.on('error', () => {});
  try {
    await client.connect();
  } finally {
    await client.end().catch(() => {});
  }
}
