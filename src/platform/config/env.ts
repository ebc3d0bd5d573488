/** The variables of the outside contract; meaning is given by `config.ts`. */
const NAMES = [
  'TROUSSEAU_URL',
  'TROUSSEAU_LISTEN',
  'TROUSSEAU_LDAP_LISTEN',
  'TROUSSEAU_LDAPS_LISTEN',
  'TROUSSEAU_LDAP_PROXY_PROTOCOL',
  'TROUSSEAU_TLS_CERT',
  'TROUSSEAU_TLS_KEY',
  'TROUSSEAU_TLS_DIR',
  'TROUSSEAU_DNS_SERVERS',
  'TROUSSEAU_RESERVED_HOSTS',
  'TROUSSEAU_DATA',
  'TROUSSEAU_SECRET',
  'TROUSSEAU_SECRET_FILE',
  'TROUSSEAU_ROLES',
  'TROUSSEAU_TRUSTED_PROXIES',
  'TROUSSEAU_PRIVATE_NETWORKS',
  'TROUSSEAU_METRICS_TOKEN',
  'TROUSSEAU_KEEP_EVENTS_DAYS',
  'TROUSSEAU_KEEP_MAILS_DAYS',
  'TROUSSEAU_KEEP_FAILED_DAYS',
  'DATABASE_URL',
  'DATABASE_LISTEN_URL',
  'SMTP_URL',
  'TROUSSEAU_SMTP_NAME',
  'MAIL_FROM',
  'LOG_LEVEL',
] as const;

/** As they stand there. */
export type Env = { [name in (typeof NAMES)[number]]?: string };

/** Picks the known variables; an empty string counts as absent, as in shell scripts and unit files. */
export function readEnv(source: NodeJS.ProcessEnv): Env {
  return Object.fromEntries(NAMES.map((name) => [name, source[name]]).filter(([, value]) => value));
}
