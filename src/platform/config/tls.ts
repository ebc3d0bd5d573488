import { accessSync, constants } from 'node:fs';
import type { Env } from './env.ts';

export type TlsConfig = {
  /** Paths of PEM files. */
  tls: { cert: string; key: string } | undefined;
  /** Where certificates of hosts of their own are. */
  tlsFolder: string | undefined;
};

type Fault = (variable: keyof Env, message: string) => void;

export function parseTls(env: Env, fault: Fault): TlsConfig {
  const { TROUSSEAU_TLS_CERT: cert, TROUSSEAU_TLS_KEY: key, TROUSSEAU_TLS_DIR: tlsFolder } = env;
  if ((cert === undefined) !== (key === undefined)) {
    fault(
      cert === undefined ? 'TROUSSEAU_TLS_CERT' : 'TROUSSEAU_TLS_KEY',
      'give both TROUSSEAU_TLS_CERT and TROUSSEAU_TLS_KEY, or neither',
    );
  }
  if (tlsFolder !== undefined && cert === undefined && key === undefined) {
    fault('TROUSSEAU_TLS_DIR', 'needs TROUSSEAU_TLS_CERT and TROUSSEAU_TLS_KEY beside it');
  }
  requireReadable('TROUSSEAU_TLS_CERT', cert, fault);
  requireReadable('TROUSSEAU_TLS_KEY', key, fault);
  requireReadable('TROUSSEAU_TLS_DIR', tlsFolder, fault);
  return { tls: cert === undefined || key === undefined ? undefined : { cert, key }, tlsFolder };
}

function requireReadable(variable: keyof Env, path: string | undefined, fault: Fault): void {
  if (path === undefined) return;
  try {
    accessSync(path, constants.R_OK);
  } catch {
    fault(variable, `"${path}" cannot be read`);
  }
}
