import { isIP } from 'node:net';
import { SIGNING_ALGS } from '../../domain/signing-keys/signing-algs.ts';
import type { Database } from '../../platform/database/database.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

type Row = { slug: string; activeAlgs: string[]; everSigned: boolean; hosts: string[] };

/** Signing keys and host names of the active communities. */
export async function checkCommunities(database: Database): Promise<Finding[]> {
  const rows = await database.query<Row>(
    `SELECT c.slug,
       ARRAY(SELECT DISTINCT k.alg FROM signing_keys k WHERE k.community_id = c.id
         AND k.activates_at <= now() AND (k.retires_at IS NULL OR k.retires_at > now())) AS "activeAlgs",
       EXISTS (SELECT FROM signing_keys k WHERE k.community_id = c.id) AS "everSigned",
       ARRAY(SELECT h.host FROM community_hosts h WHERE h.community_id = c.id ORDER BY h.host) AS hosts
     FROM communities c WHERE c.state = 'active' ORDER BY c.slug`,
  );
  if (rows.length === 0) return [warn('there is no active community')];
  const findings = [...rows.flatMap(checkKeys), ...rows.flatMap(checkHosts)];
  return findings.some(({ level }) => level === 'fault')
    ? findings
    : [
        ok(`${rows.length === 1 ? '1 active community' : `${rows.length} active communities`}`),
        ...findings,
      ];
}

function checkKeys({ slug, activeAlgs, everSigned }: Row): Finding[] {
  // The first keys are made when somebody first comes.
  if (!everSigned) return [];
  const missing = SIGNING_ALGS.filter((alg) => !activeAlgs.includes(alg));
  if (missing.length === 0) return [];
  return [
    fail(
      `${slug} has no ${missing.join(' and no ')} key that signs; run "trousseau keys rotate ${slug} --immediately"`,
    ),
  ];
}

/** Whether a certificate and a browser could know the host by its name. */
function checkHosts({ slug, hosts }: Row): Finding[] {
  const odd = hosts.filter((host) => !isResolvable(host.replace(/:\d+$/, '')));
  return odd.map((host) =>
    fail(`the host ${host} of ${slug} is no name that can be looked up in the DNS`),
  );
}

/** Labels of 1 to 63 letters, digits and inner hyphens, at most 253 in all (RFC 1123 §2.1). */
function isResolvable(name: string): boolean {
  if (isIP(name) !== 0 || name === 'localhost') return true;
  return (
    name.length <= 253 &&
    name.includes('.') &&
    name.split('.').every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label))
  );
}
