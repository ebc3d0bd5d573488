import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { baseClashes, ldapBaseFault } from '../../domain/communities/ldap-base.ts';
import { type Config, isLoopbackName } from '../../platform/config/config.ts';
import type { Database } from '../../platform/database/database.ts';
import { DAY_MS } from '../../platform/time/units.ts';
import {
  type CertificateStanding,
  listCertificates,
  surveyCertificates,
} from '../../platform/tls/certificate-files.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** Days before its end at which a certificate that renews itself has long been renewed. */
const RENEWAL_DAYS = 14;

/** Where LDAP is served, and whether passwords are safe on the way there. */
export async function checkLdapListeners({ ldap, roles }: Config): Promise<Finding[]> {
  const { listen, ldapsListen, tls } = ldap;
  if (!roles.has('ldap') || (listen ?? ldapsListen) === undefined) {
    return [ok('this process serves no LDAP')];
  }
  const findings = await checkCertificates(ldap);
  if (listen !== undefined && tls === undefined && !isLoopback(listen.host)) {
    findings.push(
      warn(
        `LDAP listens on ${listen.host}:${listen.port} without a certificate: whoever binds from another machine is refused; give TROUSSEAU_TLS_CERT and TROUSSEAU_TLS_KEY`,
      ),
    );
  }
  if (findings.length > 0) return findings;
  const places = [
    ...(listen === undefined ? [] : [`LDAP on ${listen.host}:${listen.port}`]),
    ...(ldapsListen === undefined ? [] : [`LDAPS on ${ldapsListen.host}:${ldapsListen.port}`]),
  ];
  const secured = tls === undefined ? 'for this machine only' : 'with TLS';
  return [ok(`${places.join(' and ')}, ${secured}`)];
}

function isLoopback(host: string): boolean {
  return host === '::1' || isLoopbackName(host);
}

/** What is to be said of certificates; nothing of those that are good. */
async function checkCertificates(ldap: Config['ldap']): Promise<Finding[]> {
  const standings = await surveyCertificates(ldap);
  return standings.flatMap((standing) => checkCertificate(standing) ?? []);
}

function checkCertificate({
  host,
  files,
  endsAt,
  fault,
  reason,
}: CertificateStanding): Finding | undefined {
  const what = `the certificate in ${host === undefined ? 'TROUSSEAU_TLS_CERT' : files.cert}`;
  const end = endsAt?.toISOString().slice(0, 10);
  if (fault === 'unreadable') return fail(`${what} cannot be used: ${reason}`);
  if (fault === 'ended') return fail(`${what} ended on ${end}`);
  if (fault === 'other-host') return fail(`${what} is not for ${host}`);
  if (fault === 'other-key') {
    const key = host === undefined ? 'TROUSSEAU_TLS_KEY' : files.key;
    return fail(`${key} is not the key of ${what}`);
  }
  const left = (endsAt?.getTime() ?? 0) - Date.now();
  return left < RENEWAL_DAYS * DAY_MS ? warn(`${what} ends on ${end}: renew it`) : undefined;
}

/** Hosts that apps know LDAP by, of which the folder has no certificate. */
export async function checkLdapHosts(database: Database, config: Config): Promise<Finding[]> {
  const { listen, ldapsListen, tls, tlsFolder } = config.ldap;
  if (!config.roles.has('ldap') || (listen ?? ldapsListen) === undefined) return [];
  const rows = await database.query<{ slug: string; host: string }>(
    `SELECT c.slug, h.host FROM community_ldap_hosts h JOIN communities c ON c.id = h.community_id
     WHERE c.state <> 'archived' ORDER BY c.slug, h.position, h.host`,
  );
  const known = tlsFolder === undefined ? new Map() : await listCertificates(tlsFolder);
  const usual = tls === undefined ? undefined : new X509Certificate(await readFile(tls.cert));
  const without = rows.filter(
    ({ host }) => !known.has(host) && usual?.checkHost(host) === undefined,
  );
  return without.map(({ slug, host }) =>
    warn(
      `LDAP of ${slug} is known by ${host}, for which there is no certificate: put ${host}.crt and ${host}.key into TROUSSEAU_TLS_DIR`,
    ),
  );
}

/** Numbers left below which somebody should give a community more. */
const FEW_NUMBERS = 20;

/** Bases that no client could search in, and ranges of POSIX numbers that come to their end. */
export async function checkLdapTrees(database: Database): Promise<Finding[]> {
  const rows = await database.query<{ slug: string; base: string; left: number | null }>(
    `SELECT c.slug, c.ldap_base AS base, CASE WHEN c.posix_primary_group_id IS NOT NULL
       THEN r.first_number + r.count - r.next_number END AS left
     FROM communities c LEFT JOIN posix_ranges r ON r.community_id = c.id ORDER BY c.slug`,
  );
  const findings = [
    ...rows.flatMap(checkBase),
    ...baseClashes(rows).map(({ inner, outer, same }) =>
      fail(
        `the LDAP base ${inner.base} of ${inner.slug} ${same ? 'is' : 'lies inside'} that of ${outer.slug}; give one of them another (ldap.base)`,
      ),
    ),
    ...rows
      .filter(({ left }) => left !== null && left < FEW_NUMBERS)
      .map(({ slug, left }) =>
        warn(
          `the POSIX range of ${slug} has ${left} numbers left; give it more (ldap.posix.count)`,
        ),
      ),
  ];
  return findings.length > 0 ? findings : [ok('every community has an LDAP base of its own')];
}

function checkBase({ slug, base }: { slug: string; base: string }): Finding[] {
  const fault = ldapBaseFault(base);
  return fault === undefined ? [] : [fail(`the LDAP base "${base}" of ${slug} ${fault}`)];
}
