import { accessSync, constants } from 'node:fs';

/** libpq's words for how a connection is encrypted (PostgreSQL 18 manual, §34.19.1, table 34.1). */
const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof SSL_MODES)[number];

/** What a database URL says, in libpq's meaning. */
export type DatabaseAddress = {
  /** A name, an address, or the folder of a socket. */
  host: string;
  port: number;
  user: string | undefined;
  password: string | undefined;
  database: string | undefined;
  applicationName: string | undefined;
  /** Start-up options such as `-c statement_timeout=5s`. */
  options: string | undefined;
  connectTimeoutMs: number | undefined;
  ssl: {
    mode: SslMode;
    /** Path of a PEM file, or `system`: the authorities that Node brings. */
    rootCert: string | undefined;
    cert: string | undefined;
    key: string | undefined;
    passphrase: string | undefined;
    minVersion: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3' | undefined;
    maxVersion: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3' | undefined;
    /** TLS from the first byte, without asking (`sslnegotiation=direct`). */
    direct: boolean;
  };
};

const FORM = 'postgres://USER:PASSWORD@HOST:PORT/DATABASE';
const ENCODING =
  'in the user and the password, write % as %25, / as %2F, ? as %3F, # as %23, @ as %40, : as %3A, and a space as %20';
const TLS_VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;

/** Parameters of libpq's that change nothing here: what they ask for is so, or is harmless to leave out. */
const HARMLESS: Record<string, readonly string[] | undefined> = {
  client_encoding: ['utf8', 'utf-8', 'UTF8', 'UTF-8', 'auto'],
  target_session_attrs: ['any', 'read-write', 'primary'],
  gssencmode: ['disable', 'prefer'],
  channel_binding: ['disable', 'prefer'],
  load_balance_hosts: ['disable'],
  sslcompression: ['0'],
  sslsni: ['1'],
  keepalives: undefined,
  keepalives_idle: undefined,
  keepalives_interval: undefined,
  keepalives_count: undefined,
  tcp_user_timeout: undefined,
  fallback_application_name: undefined,
  // Of node-postgres: what it asks for is always so here.
  uselibpqcompat: undefined,
};

class Fault extends Error {}

/**
 * Reads a URL of PostgreSQL as libpq does (§34.1.1.2). What this program cannot heed is a fault: a
 * parameter for safety's sake must not be passed over in silence.
 * @returns what is wrong with it, in words that hold nothing of the password, where something is
 */
export function parseDatabaseUrl(text: string): DatabaseAddress | { fault: string } {
  try {
    return read(text.trim());
  } catch (error) {
    if (error instanceof Fault) return { fault: error.message };
    throw error;
  }
}

function read(text: string): DatabaseAddress {
  if (!/^postgres(ql)?:\/\//.test(text)) {
    throw new Fault('must start with postgres:// or postgresql://');
  }
  const authority = /^[^:]+:\/\/([^/?#]*)/.exec(text)?.[1] ?? '';
  if (authority.slice(authority.lastIndexOf('@') + 1).includes(',')) {
    throw new Fault(
      'names several hosts; give one, such as an address that follows the primary server',
    );
  }
  // A user without a host means the socket, which `URL` does not know of.
  const url = URL.parse(authority.endsWith('@') ? text.replace('@', '@localhost') : text);
  // The rest of a password that was not encoded ends up behind the host.
  if (url === null || url.hash !== '' || /@/.test(url.pathname + url.search)) {
    throw new Fault(`cannot be read; it has the form ${FORM}, and ${ENCODING}`);
  }
  const params = new Params(url.searchParams);
  const host =
    params.take('host') ?? (decoded(url.hostname).replace(/^\[|\]$/g, '') || 'localhost');
  const address: DatabaseAddress = {
    host,
    port: portOf(params.take('port') ?? url.port),
    user: params.take('user') ?? (decoded(url.username) || undefined),
    password: params.take('password') ?? (decoded(url.password) || undefined),
    database: params.take('dbname') ?? (decoded(url.pathname.slice(1)) || undefined),
    applicationName: params.take('application_name'),
    options: params.take('options'),
    connectTimeoutMs: secondsOf(params),
    ssl: sslOf(params),
  };
  params.refuseOthers();
  return address;
}

class Params {
  readonly #values: Map<string, string>;

  constructor(params: URLSearchParams) {
    this.#values = new Map(params);
  }

  take(name: string): string | undefined {
    const value = this.#values.get(name);
    this.#values.delete(name);
    return value === '' ? undefined : value;
  }

  choose<Value extends string>(name: string, choices: readonly Value[]): Value | undefined {
    const value = this.take(name);
    if (value === undefined) return undefined;
    if (!choices.includes(value as Value)) {
      throw new Fault(`${name} is one of ${choices.join(', ')}`);
    }
    return value as Value;
  }

  refuseOthers(): void {
    for (const [name, value] of this.#values) {
      const known = Object.hasOwn(HARMLESS, name);
      if (!known) throw new Fault(`has a parameter that is not known here: ${shown(name)}`);
      const allowed = HARMLESS[name];
      if (value !== '' && allowed !== undefined && !allowed.includes(value)) {
        throw new Fault(`${name} can only be ${allowed.join(' or ')} here`);
      }
    }
  }
}

function sslOf(params: Params): DatabaseAddress['ssl'] {
  // `ssl=true` is JDBC's and Heroku's; libpq takes it for `sslmode=require`.
  const ssl = params.choose('ssl', ['true', '1', 'false', '0']);
  const short = ssl === undefined ? undefined : /true|1/.test(ssl) ? 'require' : 'disable';
  const mode = params.choose('sslmode', [...SSL_MODES, 'no-verify']) ?? short;
  const rootCert = params.take('sslrootcert');
  const cert = params.take('sslcert');
  const key = params.take('sslkey');
  const direct = params.choose('sslnegotiation', ['postgres', 'direct']) === 'direct';
  const settled = settleMode(mode === 'no-verify' ? 'require' : mode, rootCert);
  if ((cert === undefined) !== (key === undefined))
    throw new Fault('sslcert and sslkey go together');
  if (direct && !['require', 'verify-ca', 'verify-full'].includes(settled)) {
    throw new Fault('sslnegotiation=direct needs sslmode=require, verify-ca or verify-full');
  }
  const files = {
    sslrootcert: rootCert === 'system' ? undefined : rootCert,
    sslcert: cert,
    sslkey: key,
  };
  for (const [name, path] of Object.entries(files)) requireReadable(name, path);
  return {
    mode: settled,
    rootCert,
    cert,
    key,
    passphrase: params.take('sslpassword'),
    minVersion: params.choose('ssl_min_protocol_version', TLS_VERSIONS),
    maxVersion: params.choose('ssl_max_protocol_version', TLS_VERSIONS),
    direct,
  };
}

/** §34.19.1 and §34.19.4: what the mode means together with the root certificates. */
function settleMode(mode: SslMode | undefined, rootCert: string | undefined): SslMode {
  if (rootCert === 'system') {
    if (mode !== undefined && mode !== 'verify-full') {
      throw new Fault('sslrootcert=system needs sslmode=verify-full');
    }
    return 'verify-full';
  }
  if (mode === 'verify-ca' && rootCert === undefined) {
    throw new Fault('sslmode=verify-ca needs sslrootcert, the file of the authority to trust');
  }
  if (mode === 'require' && rootCert !== undefined) return 'verify-ca';
  return mode ?? 'prefer';
}

function requireReadable(name: string, path: string | undefined): void {
  if (path === undefined) return;
  try {
    accessSync(path, constants.R_OK);
  } catch {
    throw new Fault(`${name}: "${path}" cannot be read`);
  }
}

function portOf(text: string): number {
  const port = text === '' ? 5432 : Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new Fault('its port is not a number from 1 to 65535');
  }
  return port;
}

/** Seconds; nought and less mean no limit in libpq, which would be a start that never fails. */
function secondsOf(params: Params): number | undefined {
  const text = params.take('connect_timeout');
  if (text === undefined) return undefined;
  if (!/^-?\d{1,6}$/.test(text)) throw new Fault('connect_timeout is a number of seconds');
  return Number(text) <= 0 ? undefined : Number(text) * 1000;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Fault(`has a % that stands for itself: ${ENCODING}`);
  }
}

/** A name from the URL, unless it may be a piece of the password. */
function shown(name: string): string {
  return /^[a-z_]{1,40}$/.test(name)
    ? name
    : `one that may be a piece of the password; ${ENCODING}`;
}
