import { resolve } from 'node:path';
import ipaddr from 'ipaddr.js';
import { normalHost } from '../text/host-name.ts';
import { isEmailAddress } from '../text/names.ts';
import { isWhole } from '../text/whole-text.ts';
import { parseDatabaseUrl } from './database-url.ts';
import type { Env } from './env.ts';
import { type OwnHostsConfig, parseOwnHosts } from './own-hosts.ts';
import { parseRetention, type Retention } from './retention.ts';
import { parseSmtpUrl, type SmtpServer } from './smtp-url.ts';
import { parseTls, type TlsConfig } from './tls.ts';

export type Role = 'web' | 'ldap' | 'worker';
export type ListenAddress = { host: string; port: number };
export type Cidr = [ipaddr.IPv4 | ipaddr.IPv6, number];

export type LdapConfig = TlsConfig & {
  /** For LDAP with StartTLS, and for LDAPS; undefined where that is off. */
  listen: ListenAddress | undefined;
  ldapsListen: ListenAddress | undefined;
  /** Whether the trusted proxies put a PROXY header before LDAP connections. */
  proxyProtocol: boolean;
};

export type MailConfig = {
  /** Undefined: messages are kept, and the operator reads them. */
  server: SmtpServer | undefined;
  /** The address that messages come from. */
  from: string;
  /** How the hub calls itself to the mail server (RFC 5321 §4.1.1.1). */
  ehloName: string;
};

export type Config = {
  /** Public base URL, without a trailing slash. */
  url: URL;
  listen: ListenAddress;
  dataFolder: string;
  /** Absent: the embedded PostgreSQL of the data folder is used. */
  databaseUrl: string | undefined;
  /** The same database without a pooler in between; given where `databaseUrl` leads through one. */
  databaseListenUrl: string | undefined;
  /** The sealing keys as given, newest first; empty: read from (or made in) `secretFile`. */
  secrets: string[];
  secretFile: string;
  secretFileIsGiven: boolean;
  roles: Set<Role>;
  trustedProxies: Cidr[];
  /** Private or loopback networks that outbound calls (back-channel logout) may reach. */
  privateNetworks: Cidr[];
  metricsToken: string | undefined;
  ldap: LdapConfig;
  ownHosts: OwnHostsConfig;
  mail: MailConfig;
  retention: Retention;
  logLevel: string;
};

/** Every fault of the configuration at once, each naming its variable. */
export class ConfigurationError extends Error {
  readonly faults: string[];
  constructor(faults: string[]) {
    super(
      `The configuration has ${faults.length} fault(s):\n${faults.map((f) => `  ${f}`).join('\n')}`,
    );
    this.name = 'ConfigurationError';
    this.faults = faults;
  }
}

const ROLES: Role[] = ['web', 'ldap', 'worker'];
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

/**
 * Gives the environment its meaning.
 * @throws ConfigurationError listing all faults, each with the variable's name
 */
export function parseConfig(env: Env): Config {
  const faults: string[] = [];
  const fault = (variable: keyof Env, message: string) => {
    faults.push(`${variable}: ${message}`);
  };

  for (const [variable, value] of Object.entries(env)) {
    if (value !== undefined && !isWhole(value))
      fault(variable as keyof Env, 'is not text in UTF-8');
  }
  const url = parseUrl(env.TROUSSEAU_URL ?? 'http://localhost:8080', fault);
  const listen = parseListen('TROUSSEAU_LISTEN', env.TROUSSEAU_LISTEN ?? '127.0.0.1:8080', fault);
  checkDatabaseUrls(env, fault);
  if (env.TROUSSEAU_SECRET !== undefined && env.TROUSSEAU_SECRET_FILE !== undefined) {
    fault('TROUSSEAU_SECRET', 'give either TROUSSEAU_SECRET or TROUSSEAU_SECRET_FILE, not both');
  }
  const secrets = (env.TROUSSEAU_SECRET ?? '').split(/[\s,]+/).filter(Boolean);
  if (secrets.some((secret) => secret.length < 32)) {
    fault(
      'TROUSSEAU_SECRET',
      'each key needs at least 32 characters; make one with: openssl rand -base64 32',
    );
  }
  const roles = new Set(
    (env.TROUSSEAU_ROLES ?? ROLES.join(',')).split(',').map((role) => role.trim()),
  );
  for (const role of roles) {
    if (!ROLES.includes(role as Role)) {
      fault('TROUSSEAU_ROLES', `unknown role "${role}"; the roles are ${ROLES.join(', ')}`);
    }
  }
  const logLevel = env.LOG_LEVEL ?? 'info';
  if (!LOG_LEVELS.includes(logLevel)) {
    fault('LOG_LEVEL', `unknown level "${logLevel}"; the levels are ${LOG_LEVELS.join(', ')}`);
  }
  const ldap = parseLdap(env, fault);
  const ownHosts = parseOwnHosts(env, fault);
  const mail = parseMail(env, url, fault);
  const retention = parseRetention(env, fault);
  const dataFolder = resolve(env.TROUSSEAU_DATA ?? './data');
  const trustedProxies = parseCidrs(
    'TROUSSEAU_TRUSTED_PROXIES',
    env.TROUSSEAU_TRUSTED_PROXIES,
    fault,
  );
  const privateNetworks = parseCidrs(
    'TROUSSEAU_PRIVATE_NETWORKS',
    env.TROUSSEAU_PRIVATE_NETWORKS,
    fault,
  );
  if (
    env.TROUSSEAU_PRIVATE_NETWORKS === undefined &&
    url !== undefined &&
    isLoopbackName(url.hostname)
  ) {
    privateNetworks.push(ipaddr.parseCIDR('127.0.0.0/8'), ipaddr.parseCIDR('::1/128'));
  }
  if (faults.length > 0 || url === undefined || listen === undefined)
    throw new ConfigurationError(faults);

  return {
    url,
    listen,
    dataFolder,
    databaseUrl: env.DATABASE_URL,
    databaseListenUrl: env.DATABASE_LISTEN_URL,
    secrets,
    secretFile: resolve(env.TROUSSEAU_SECRET_FILE ?? `${dataFolder}/secret`),
    secretFileIsGiven: env.TROUSSEAU_SECRET_FILE !== undefined,
    roles: roles as Set<Role>,
    trustedProxies,
    privateNetworks,
    metricsToken: env.TROUSSEAU_METRICS_TOKEN,
    ldap,
    ownHosts,
    mail,
    retention,
    logLevel,
  };
}

type Fault = (variable: keyof Env, message: string) => void;

function checkDatabaseUrls(env: Env, fault: Fault): void {
  for (const variable of ['DATABASE_URL', 'DATABASE_LISTEN_URL'] as const) {
    const url = env[variable];
    const address = url === undefined ? undefined : parseDatabaseUrl(url);
    if (address !== undefined && 'fault' in address) fault(variable, address.fault);
  }
  if (env.DATABASE_LISTEN_URL !== undefined && env.DATABASE_URL === undefined) {
    fault('DATABASE_LISTEN_URL', 'goes with a DATABASE_URL that leads through a connection pooler');
  }
}

function parseUrl(value: string, fault: Fault): URL | undefined {
  const url = URL.parse(value);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    fault(
      'TROUSSEAU_URL',
      `"${value}" is not a web address; give one such as https://login.example.org`,
    );
    return undefined;
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || url.username !== '') {
    fault('TROUSSEAU_URL', 'must be a scheme and a host only, without path, query or user');
  }
  // The dot that ends a whole name is no part of what browsers send.
  url.hostname = url.hostname.replace(/\.$/, '');
  return url;
}

function parseListen(variable: keyof Env, value: string, fault: Fault): ListenAddress | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(value);
  const port = Number(match?.[3]);
  if (match === null || port > 65535) {
    fault(
      variable,
      `"${value}" is not an address; give HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080`,
    );
    return undefined;
  }
  return { host: (match[1] ?? match[2]) as string, port };
}

function parseLdap(env: Env, fault: Fault): LdapConfig {
  const optional = (
    variable: 'TROUSSEAU_LDAP_LISTEN' | 'TROUSSEAU_LDAPS_LISTEN',
    usual: string,
  ) => {
    const value = env[variable] ?? usual;
    return value === 'off' ? undefined : parseListen(variable, value, fault);
  };
  const certificates = parseTls(env, fault);
  const ldapsListen = optional('TROUSSEAU_LDAPS_LISTEN', 'off');
  if (ldapsListen !== undefined && env.TROUSSEAU_TLS_CERT === undefined) {
    fault('TROUSSEAU_LDAPS_LISTEN', 'LDAPS needs TROUSSEAU_TLS_CERT and TROUSSEAU_TLS_KEY');
  }
  const proxyProtocol = env.TROUSSEAU_LDAP_PROXY_PROTOCOL ?? 'off';
  if (!['on', 'off'].includes(proxyProtocol)) {
    fault('TROUSSEAU_LDAP_PROXY_PROTOCOL', `"${proxyProtocol}" is neither on nor off`);
  }
  if (proxyProtocol === 'on' && env.TROUSSEAU_TRUSTED_PROXIES === undefined) {
    fault('TROUSSEAU_LDAP_PROXY_PROTOCOL', 'needs TROUSSEAU_TRUSTED_PROXIES: whose headers count');
  }
  return {
    listen: optional('TROUSSEAU_LDAP_LISTEN', '127.0.0.1:3890'),
    ldapsListen,
    ...certificates,
    proxyProtocol: proxyProtocol === 'on',
  };
}

function parseMail(env: Env, hub: URL | undefined, fault: Fault): MailConfig {
  const { SMTP_URL: smtpUrl, MAIL_FROM: given } = env;
  const server = smtpUrl === undefined ? undefined : parseSmtpUrl(smtpUrl);
  const isUsable = server !== undefined && !('fault' in server);
  if (server !== undefined && 'fault' in server) fault('SMTP_URL', server.fault);
  if (given !== undefined && !isEmailAddress(given)) {
    fault('MAIL_FROM', `"${given}" is not an e-mail address`);
  }
  const host = hub?.hostname ?? 'localhost';
  if (isUsable && given === undefined && ipaddr.isValid(host.replace(/^\[|\]$/g, ''))) {
    fault('MAIL_FROM', 'is needed: TROUSSEAU_URL has no name that mail could come from');
  }
  const { TROUSSEAU_SMTP_NAME: named } = env;
  const name = named === undefined ? undefined : smtpName(named);
  if (named !== undefined && name === undefined) {
    fault('TROUSSEAU_SMTP_NAME', `"${named}" is not a host name, such as login.example.org`);
  }
  // Servers refuse a name without a dot; what they ask of one is that it is a whole name.
  const own = smtpName(host) ?? '';
  return {
    server: isUsable ? server : undefined,
    from: given ?? `noreply@${host}`,
    ehloName: name ?? (own.includes('.') || own.startsWith('[') ? own : '[127.0.0.1]'),
  };
}

/** A name, or an address as RFC 5321 §4.1.3 writes it. */
function smtpName(host: string): string | undefined {
  const bare = host.replace(/^\[(?:IPv6:)?|\]$/gi, '');
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return `[${bare}]`;
  if (ipaddr.IPv6.isValid(bare)) return `[IPv6:${bare}]`;
  const name = normalHost(host);
  return name?.includes(':') ? undefined : name;
}

function parseCidrs(variable: keyof Env, value: string | undefined, fault: Fault): Cidr[] {
  const cidrs: Cidr[] = [];
  for (const part of (value ?? '').split(/[\s,]+/).filter(Boolean)) {
    try {
      cidrs.push(plainNetwork(part.includes('/') ? ipaddr.parseCIDR(part) : singleAddress(part)));
    } catch {
      fault(variable, `"${part}" is not a network; give CIDRs such as 10.0.0.0/8 or 2001:db8::/32`);
    }
  }
  return cidrs;
}

/** IPv4 in IPv6's clothes (RFC 4291 §2.5.5.2) is IPv4, as addresses are when they are compared. */
function plainNetwork([network, bits]: Cidr): Cidr {
  const isMapped = network instanceof ipaddr.IPv6 && network.isIPv4MappedAddress() && bits >= 96;
  return isMapped ? [network.toIPv4Address(), bits - 96] : [network, bits];
}

function singleAddress(value: string): Cidr {
  const address = ipaddr.parse(value);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

export function isLoopbackName(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127\./.test(hostname)
  );
}
