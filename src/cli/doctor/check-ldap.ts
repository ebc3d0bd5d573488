import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { baseClashes, ldapBaseFault } from '../../domain/communities/ldap-base.ts';
import { type Config, isLoopbackName } from '../../platform/config/config.ts';
import type { Database } from '../../platform/database/database.ts';
import { DAY_MS } from '../../platform/time/units.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** Days before its end at which a certificate that renews itself has long been renewed. */
const RENEWAL_DAYS = 14;

/** Where LDAP is served, and whether passwords are safe on the way there. */
export async function checkLdapListeners({ ldap, roles }: Config): Promise<Finding[]> {
  const { listen, ldapsListen, tls } = ldap;
  if (!roles.has('ldap') || (listen ?? ldapsListen) === undefined) {
    return [ok('this process serves no LDAP')];
  }
  const findings = tls === undefined ? [] : await checkCertificate(tls);
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

async function checkCertificate(tls: { cert: string; key: string }): Promise<Finding[]> {
  const certificate = new X509Certificate(await readFile(tls.cert));
  const key = createPrivateKey(await readFile(tls.key));
  const findings: Finding[] = [];
  if (!certificate.checkPrivateKey(key)) {
    findings.push(
      fail('TROUSSEAU_TLS_KEY is not the key of the certificate in TROUSSEAU_TLS_CERT'),
    );
  }
  const left = certificate.validToDate.getTime() - Date.now();
  const end = certificate.validToDate.toISOString().slice(0, 10);
  if (left <= 0) findings.push(fail(`the certificate in TROUSSEAU_TLS_CERT ended on ${end}`));
  else if (left < RENEWAL_DAYS * DAY_MS) {
    findings.push(warn(`the certificate in TROUSSEAU_TLS_CERT ends on ${end}: renew it`));
  }
  return findings;
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
