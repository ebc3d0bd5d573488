import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { createHostChecks } from '../../src/domain/hosts/check-host.ts';
import { claimHost } from '../../src/domain/hosts/claim-host.ts';
import type { HostClaim, HostUse } from '../../src/domain/hosts/host-claim.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { createDnsTexts } from '../../src/platform/outbound/dns-texts.ts';
import { createOutbound } from '../../src/platform/outbound/outbound.ts';
import { type DnsServer, startDnsServer } from './dns-server.ts';

export const HUB_URL = 'https://login.reseau.example';

/** Where claims of tests are proven: a resolver, a zone's own server, and a web server for every host by http. */
export type ProofPlace = {
  resolver: DnsServer;
  zone: DnsServer;
  /** What the web server answers with, by host; 404 for others. */
  files: Map<string, string>;
  parts: Parameters<typeof createHostChecks>[1];
  stop(): Promise<void>;
};

export async function startProofPlace(hubUrl = HUB_URL): Promise<ProofPlace> {
  const [resolver, zone] = [await startDnsServer(), await startDnsServer()];
  const files = new Map<string, string>();
  const web = createServer((req, res) => {
    const text = files.get(req.headers['x-asked'] as string);
    if (text === undefined || req.url !== '/.well-known/trousseau-challenge.txt')
      res.writeHead(404);
    res.end(text);
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  const { port } = web.address() as AddressInfo;
  const loopback = ipaddr.parseCIDR('127.0.0.0/8');
  const outbound = createOutbound({ privateNetworks: [loopback] });
  return {
    resolver,
    zone,
    files,
    parts: {
      hubUrl,
      dns: createDnsTexts({
        servers: [resolver.address],
        isAllowed: (address) => address.startsWith('127.'),
        zonePort: zone.port,
      }),
      outbound: {
        // Port 80 of a name that is none is out of a test's reach: the request goes to the web server here.
        fetch(url) {
          const { protocol, hostname, pathname } = new URL(url);
          const scheme = protocol === 'https:' ? 'https' : 'http';
          const headers = { 'x-asked': hostname };
          return outbound.fetch(`${scheme}://127.0.0.1:${port}${pathname}`, { headers });
        },
      },
    },
    async stop() {
      await outbound.close();
      web.closeAllConnections();
      await Promise.all([resolver.stop(), zone.stop(), new Promise((done) => web.close(done))]);
    },
  };
}

/** Claims a host as a command does. */
export async function claim(
  database: Database,
  communityId: string,
  host: string,
  use: HostUse = { web: true, ldap: true },
  hubUrl = HUB_URL,
): Promise<HostClaim> {
  const place = { communityId, hubUrl, reserved: [] };
  const claimed = await database.transaction((tx) => claimHost(tx, place, { host, ...use }, 'cli'));
  if (claimed.claim === undefined) throw new Error(`${host} needs no claim`);
  return claimed.claim;
}

/** Has the DNS say what a claim waits for, or nothing any more. */
export function setRecord({ records }: DnsServer, { host }: { host: string }, ...texts: string[]) {
  const name = `_trousseau-challenge.${host}`;
  if (texts.length === 0) records.delete(name);
  else records.set(name, { TXT: texts });
}
