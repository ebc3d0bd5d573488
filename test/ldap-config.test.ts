import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ConfigurationError, parseConfig } from '../src/platform/config/config.ts';
import type { Env } from '../src/platform/config/env.ts';
import { writeCertificate } from './support/certificate.ts';

let folder: string;
let tls: { TROUSSEAU_TLS_CERT: string; TROUSSEAU_TLS_KEY: string };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ldap-config-'));
  const { cert, key } = await writeCertificate(folder, 'localhost');
  tls = { TROUSSEAU_TLS_CERT: cert, TROUSSEAU_TLS_KEY: key };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const ldapOf = (env: Env) => parseConfig(env).ldap;
function faultsOf(env: Env): string[] {
  try {
    parseConfig(env);
  } catch (error) {
    return (error as ConfigurationError).faults;
  }
  return [];
}

describe('LDAP', () => {
  it('listens on this machine, without LDAPS or TLS, unless told otherwise', () => {
    expect(ldapOf({})).toEqual({
      listen: { host: '127.0.0.1', port: 3890 },
      ldapsListen: undefined,
      tls: undefined,
      proxyProtocol: false,
    });
  });

  it('listens where it is told to, or not at all', () => {
    const listen = ldapOf({ ...tls, TROUSSEAU_LDAPS_LISTEN: '[::]:636' }).ldapsListen;
    expect(listen).toEqual({ host: '::', port: 636 });
    expect(ldapOf({ TROUSSEAU_LDAP_LISTEN: 'off' }).listen).toBeUndefined();
    expect(ldapOf({ ...tls, TROUSSEAU_LDAPS_LISTEN: 'off' }).ldapsListen).toBeUndefined();
  });

  it('takes a certificate with its key, for StartTLS without LDAPS, too', () => {
    expect(ldapOf(tls).tls).toEqual({ cert: tls.TROUSSEAU_TLS_CERT, key: tls.TROUSSEAU_TLS_KEY });
  });

  it('reads PROXY headers where it is told to, and whose', () => {
    const env = { TROUSSEAU_LDAP_PROXY_PROTOCOL: 'on', TROUSSEAU_TRUSTED_PROXIES: '10.0.0.0/8' };
    expect(ldapOf(env).proxyProtocol).toBe(true);
    expect(ldapOf({ ...env, TROUSSEAU_LDAP_PROXY_PROTOCOL: 'off' }).proxyProtocol).toBe(false);
  });
});

describe('faults name their variable', () => {
  it.each<[string, () => Env, string]>([
    ['an address that is none', () => ({ TROUSSEAU_LDAP_LISTEN: 'here' }), 'TROUSSEAU_LDAP_LISTEN'],
    [
      'LDAPS without a certificate',
      () => ({ TROUSSEAU_LDAPS_LISTEN: '0.0.0.0:636' }),
      'TROUSSEAU_LDAPS_LISTEN',
    ],
    [
      'a certificate without a key',
      () => ({ TROUSSEAU_TLS_CERT: tls.TROUSSEAU_TLS_CERT }),
      'TROUSSEAU_TLS_KEY',
    ],
    [
      'a key without a certificate',
      () => ({ TROUSSEAU_TLS_KEY: tls.TROUSSEAU_TLS_KEY }),
      'TROUSSEAU_TLS_CERT',
    ],
    [
      'a file that is not there',
      () => ({ ...tls, TROUSSEAU_TLS_KEY: join(folder, 'nothing') }),
      'TROUSSEAU_TLS_KEY',
    ],
    [
      'PROXY headers of nobody',
      () => ({ TROUSSEAU_LDAP_PROXY_PROTOCOL: 'on' }),
      'TROUSSEAU_LDAP_PROXY_PROTOCOL',
    ],
    [
      'a switch that is neither on nor off',
      () => ({ TROUSSEAU_LDAP_PROXY_PROTOCOL: 'yes' }),
      'TROUSSEAU_LDAP_PROXY_PROTOCOL',
    ],
  ])('%s', (_, env, variable) => {
    const faults = faultsOf(env());
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(variable);
  });
});
