import { z } from 'zod';

/** The variables of the outside contract, as raw strings; meaning is given by `config.ts`. */
export const envSchema = z.object({
  TROUSSEAU_URL: z.string().optional(),
  TROUSSEAU_LISTEN: z.string().optional(),
  TROUSSEAU_LDAP_LISTEN: z.string().optional(),
  TROUSSEAU_LDAPS_LISTEN: z.string().optional(),
  TROUSSEAU_LDAP_PROXY_PROTOCOL: z.string().optional(),
  TROUSSEAU_TLS_CERT: z.string().optional(),
  TROUSSEAU_TLS_KEY: z.string().optional(),
  TROUSSEAU_DATA: z.string().optional(),
  TROUSSEAU_SECRET: z.string().optional(),
  TROUSSEAU_SECRET_FILE: z.string().optional(),
  TROUSSEAU_ROLES: z.string().optional(),
  TROUSSEAU_TRUSTED_PROXIES: z.string().optional(),
  TROUSSEAU_PRIVATE_NETWORKS: z.string().optional(),
  TROUSSEAU_METRICS_TOKEN: z.string().optional(),
  TROUSSEAU_KEEP_EVENTS_DAYS: z.string().optional(),
  TROUSSEAU_KEEP_MAILS_DAYS: z.string().optional(),
  TROUSSEAU_KEEP_FAILED_DAYS: z.string().optional(),
  DATABASE_URL: z.string().optional(),
  DATABASE_LISTEN_URL: z.string().optional(),
  SMTP_URL: z.string().optional(),
  TROUSSEAU_SMTP_NAME: z.string().optional(),
  MAIL_FROM: z.string().optional(),
  LOG_LEVEL: z.string().optional(),
});

export type Env = z.infer<typeof envSchema>;

/** Picks the known variables; an empty string counts as absent, as in shell scripts and unit files. */
export function readEnv(source: NodeJS.ProcessEnv): Env {
  const known = Object.keys(envSchema.shape) as (keyof Env)[];
  return Object.fromEntries(
    known
      .filter((name) => source[name] !== undefined && source[name] !== '')
      .map((name) => [name, source[name]]),
  );
}
