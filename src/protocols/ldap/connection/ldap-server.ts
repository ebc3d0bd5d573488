import { type AddressInfo, createServer, type Server } from 'node:net';
import type { Logger } from 'pino';
import type { Cidr, ListenAddress } from '../../../platform/config/config.ts';
import { listenAt } from '../../../platform/net/listen.ts';
import type { CertificateFiles } from '../../../platform/tls/certificate-files.ts';
import type { Handler } from '../handler.ts';
import { openCertificate } from './certificate.ts';
import { createClients } from './clients.ts';
import { openHostCertificates } from './host-certificates.ts';
import { DEFAULT_LIMITS, type LdapLimits } from './limits.ts';
import type { ServerCertificates } from './secure-socket.ts';

export type LdapServerOptions<State> = {
  handler: Handler<State>;
  listen: ListenAddress | undefined;
  ldapsListen: ListenAddress | undefined;
  tls: CertificateFiles | undefined;
  /** Of certificates of hosts of their own. */
  tlsFolder: string | undefined;
  /** From these networks a PROXY header is required; from others it is never read. */
  proxyProtocolFrom: readonly Cidr[];
  limits?: Partial<LdapLimits>;
  log: Logger;
};

export type LdapServer = {
  address: ListenAddress | undefined;
  ldapsAddress: ListenAddress | undefined;
  connections(): number;
  /** Takes no more clients, tells those who are there (row 3), and gives what runs a few seconds. */
  stop(): Promise<void>;
};

/** Listens for LDAP, and for LDAPS where that is asked for. */
export async function startLdapServer<State>(
  options: LdapServerOptions<State>,
): Promise<LdapServer> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const certificates = await openCertificates(options);
  const clients = createClients({ ...options, limits, certificates });
  const servers: Server[] = [];
  const stop = async () => {
    certificates?.usual.stop();
    certificates?.ofHosts?.stop();
    const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)));
    await clients.stop();
    await Promise.all(closed);
  };
  const open = async (address: ListenAddress | undefined, isLdaps: boolean) => {
    if (address === undefined) return undefined;
    const server = createServer(
      { noDelay: true, keepAlive: true, allowHalfOpen: false },
      (socket) => void clients.accept(socket, isLdaps),
    );
    await listenAt(server, address, isLdaps ? 'TROUSSEAU_LDAPS_LISTEN' : 'TROUSSEAU_LDAP_LISTEN');
    servers.push(server);
    // What cannot be accepted (too many open files, say) is no reason to end.
    server.on('error', (error) => options.log.error({ err: error }, 'an LDAP listener failed'));
    const { port } = server.address() as AddressInfo;
    return { host: address.host, port };
  };
  try {
    const address = await open(options.listen, false);
    const ldapsAddress = await open(options.ldapsListen, true);
    return { address, ldapsAddress, connections: clients.count, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function openCertificates({
  tls,
  tlsFolder,
  log,
}: Pick<LdapServerOptions<unknown>, 'tls' | 'tlsFolder' | 'log'>): Promise<
  ServerCertificates | undefined
> {
  if (tls === undefined) return undefined;
  const usual = await openCertificate(tls, log);
  if (tlsFolder === undefined) return { usual, ofHosts: undefined };
  try {
    return { usual, ofHosts: await openHostCertificates(tlsFolder, log) };
  } catch (error) {
    usual.stop();
    throw error;
  }
}
