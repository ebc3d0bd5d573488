import type { SecureContext } from 'node:tls';
import type { Logger } from 'pino';
import {
  type CertificateFiles,
  loadContext,
  stampOf,
} from '../../../platform/tls/certificate-files.ts';

/** The certificate in use; taken anew from its files when they change. */
export type Certificate = { context(): SecureContext; stop(): void };

const LOOK_EVERY_MS = 2_000;

/**
 * Loads a certificate and its key, and looks after changes of the files. A new pair that does not fit
 * together, or cannot be read, is reported, and the one before stays in use.
 * @throws when the first pair cannot be used
 */
export async function openCertificate(files: CertificateFiles, log: Logger): Promise<Certificate> {
  let seen = await stampOf(files);
  let context = await loadContext(files);
  const timer = setInterval(look, LOOK_EVERY_MS);
  timer.unref();

  async function look(): Promise<void> {
    const now = await stampOf(files).catch((error: Error) => error.message);
    // A fault is told once, not at every look.
    if (now === seen) return;
    seen = now;
    try {
      context = await loadContext(files);
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
