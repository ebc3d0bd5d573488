import type { DnsTexts, TextFinding } from '../../platform/outbound/dns-texts.ts';
import type { Outbound } from '../../platform/outbound/outbound.ts';
import { type HostClaim, PROOF_PATH, type Proof, recordName } from './host-claim.ts';

export type ProofParts = { dns: DnsTexts; outbound: Pick<Outbound, 'fetch'> };

/** What was seen in both places; `proof` is undefined where neither shows the token. */
export type Seen = { proof: Proof | undefined; dns: TextFinding; file: TextFinding };

/**
 * Whether what showed a claim is gone: where it stood, somebody answers, and it is not there. What is away for a
 * while is not gone.
 */
export function isGone({ proof, ...seen }: Seen, before: Proof | null): boolean {
  return proof === undefined && seen[before ?? 'dns'] !== 'unanswered';
}

/** Looks for the token of a claim, in the DNS and at the host; nothing is written. It never throws. */
export async function findProof(
  { dns, outbound }: ProofParts,
  { host, token }: Pick<HostClaim, 'host' | 'token'>,
): Promise<Seen> {
  const looking = lookAtFile(outbound, host, token);
  const record = await dns.find(recordName(host), token);
  if (record === 'found') return { proof: 'dns', dns: record, file: 'absent' };
  const file = await looking;
  return { proof: file === 'found' ? 'file' : undefined, dns: record, file };
}

/** By https and by http: the host may have no certificate yet. */
async function lookAtFile(
  outbound: ProofParts['outbound'],
  host: string,
  token: string,
): Promise<TextFinding> {
  const seen = await Promise.all(
    ['https', 'http'].map((scheme) =>
      readFile(outbound, `${scheme}://${host}${PROOF_PATH}`, token),
    ),
  );
  const order: TextFinding[] = ['found', 'other', 'absent'];
  return order.find((finding) => seen.includes(finding)) ?? 'unanswered';
}

async function readFile(
  outbound: ProofParts['outbound'],
  url: string,
  token: string,
): Promise<TextFinding> {
  try {
    const response = await outbound.fetch(url);
    // A redirection leads to whomever it likes, and is not followed.
    if (response.status >= 500) return 'unanswered';
    if (response.status !== 200) return 'absent';
    const lines = (await response.text()).split(/\r?\n/);
    return lines.some((line) => line.trim() === token) ? 'found' : 'other';
  } catch {
    return 'unanswered';
  }
}
