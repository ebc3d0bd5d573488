import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
import { normalHost } from '../text/host-name.ts';

/** Paths of PEM files: the whole chain, and its key. */
export type CertificateFiles = { cert: string; key: string };

const MOST_NAMES = 10_000;

/** @throws when the files cannot be read, or are no pair */
export async function loadContext({ cert, key }: CertificateFiles): Promise<SecureContext> {
  const [certPem, keyPem] = await Promise.all([readFile(cert), readFile(key)]);
  return createSecureContext({ cert: certPem, key: keyPem, minVersion: 'TLSv1.2' });
}

/** Differs when either file was written anew. */
export async function stampOf({ cert, key }: CertificateFiles): Promise<string> {
  const facts = await Promise.all([stat(cert), stat(key)]);
  return facts.map(({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`).join(' ');
}

/**
 * The certificates of a folder by host: `HOST.crt` with `HOST.key`, or `HOST/fullchain.pem` with `HOST/privkey.pem`
 * as certbot has them. Whether they can be used shows when they are.
 */
export async function listCertificates(folder: string): Promise<Map<string, CertificateFiles>> {
  const found = new Map<string, CertificateFiles>();
  for (const name of (await readdir(folder)).sort()) {
    const isFile = name.endsWith('.crt');
    const host = normalHost(isFile ? name.slice(0, -'.crt'.length) : name);
    if (host === undefined || host.includes(':') || !host.includes('.')) continue;
    if (!isFile && !(await isFolder(join(folder, name)))) continue;
    const at = (file: string) => join(folder, name, file);
    const files = isFile
      ? { cert: join(folder, name), key: join(folder, `${name.slice(0, -'.crt'.length)}.key`) }
      : { cert: at('fullchain.pem'), key: at('privkey.pem') };
    if (isFile || !found.has(host)) found.set(host, files);
    if (found.size >= MOST_NAMES) break;
  }
  return found;
}

/** Through links, too. */
async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}

export type CertificateStanding = {
  /** Undefined for the one that is used where no host's own is. */
  host: string | undefined;
  files: CertificateFiles;
  /** Absent where it cannot be read. */
  endsAt?: Date;
  fault?: 'unreadable' | 'other-key' | 'other-host' | 'ended';
  /** Why it cannot be read. */
  reason?: string;
};

/** What is to be known of the configured certificates: the usual one first, then those of the folder by host. */
export async function surveyCertificates({
  tls,
  tlsFolder,
}: {
  tls: CertificateFiles | undefined;
  tlsFolder: string | undefined;
}): Promise<CertificateStanding[]> {
  const usual = tls === undefined ? [] : [await standingOf(undefined, tls)];
  if (tlsFolder === undefined) return usual;
  const found = [...(await listCertificates(tlsFolder))];
  const standings = [];
  for (const [host, files] of found) standings.push(await standingOf(host, files));
  return [...usual, ...standings];
}

async function standingOf(
  host: string | undefined,
  files: CertificateFiles,
): Promise<CertificateStanding> {
  try {
    const certificate = new X509Certificate(await readFile(files.cert));
    const key = createPrivateKey(await readFile(files.key));
    const { validToDate: endsAt } = certificate;
    const standing = { host, files, endsAt };
    if (!certificate.checkPrivateKey(key)) return { ...standing, fault: 'other-key' };
    if (endsAt.getTime() <= Date.now()) return { ...standing, fault: 'ended' };
    if (host !== undefined && certificate.checkHost(host) === undefined)
      return { ...standing, fault: 'other-host' };
    return standing;
  } catch (error) {
    return { host, files, fault: 'unreadable', reason: (error as Error).message };
  }
}
