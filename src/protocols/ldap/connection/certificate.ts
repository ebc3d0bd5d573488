import { readFile, stat } from 'node:fs/promises';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Logger } from 'pino';

export type CertificateFiles = { cert: string; key: string };

/** The certificate in use; taken anew from its files when they change. */
export type Certificate = { context(): SecureContext; stop(): void };

const LOOK_EVERY_MS = 2_000;

/**
 * Loads a certificate and its key, and looks after changes of the files. A new pair that does not fit
 * together, or cannot be read, is reported, and the one before stays in use.
 * @throws when the first pair cannot be used
 */
export async function openCertificate(files: CertificateFiles, log: Logger): Promise<Certificate> {
  let seen = await stamp(files);
  let context = await load(files);
  const timer = setInterval(look, LOOK_EVERY_MS);
  timer.unref();

  async function look(): Promise<void> {
    const now = await stamp(files).catch((error: Error) => error.message);
    // A fault is told once, not at every look.
    if (now === seen) return;
    seen = now;
    try {
      context = await load(files);
      log.info({ cert: files.cert }, 'the TLS certificate was taken anew');
    } catch (error) {
      log.error({ err: error }, 'the new TLS certificate cannot be used; the one before stays');
    }
  }

  return {
    context: () => context,
    stop: () => clearInterval(timer),
  };
}

async function load({ cert, key }: CertificateFiles): Promise<SecureContext> {
  const [certPem, keyPem] = await Promise.all([readFile(cert), readFile(key)]);
  return createSecureContext({ cert: certPem, key: keyPem, minVersion: 'TLSv1.2' });
}

async function stamp({ cert, key }: CertificateFiles): Promise<string> {
  const facts = await Promise.all([stat(cert), stat(key)]);
  return facts.map(({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`).join(' ');
}
