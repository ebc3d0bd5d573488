import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Certificate } from './certificate.ts';
import type { HostCertificates } from './host-certificates.ts';

export type ServerCertificates = {
  /** For clients that name no host, and those that name one without a certificate of its own. */
  usual: Certificate;
  ofHosts: HostCertificates | undefined;
};

/**
 * Puts TLS over a socket, as a server, with the certificate of the host that the client asks for; bytes that wait on the socket belong to the handshake.
 * @returns the socket to go on with; errors on it are the caller's
 * @throws when the handshake fails, or takes longer than `timeoutMs`: the socket is of no use then
 */
export function secureSocket(
  socket: Socket,
  { usual, ofHosts }: ServerCertificates,
  timeoutMs: number,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const tls = new TLSSocket(socket, {
      isServer: true,
      secureContext: usual.context(),
      SNICallback: (name, answer) => {
        const found = ofHosts?.contextOf(name) ?? Promise.resolve(undefined);
        found.then((context) => answer(null, context), answer);
      },
    });
    const closed = () => fail(new Error('closed during the TLS handshake'));
    const late = setTimeout(() => fail(new Error('the TLS handshake took too long')), timeoutMs);
    tls.once('error', fail).once('close', closed).once('secure', succeed);

    function fail(error: Error): void {
      settle();
      tls.on('error', () => {}).destroy();
      reject(error);
    }
    function succeed(): void {
      settle();
      resolve(tls);
    }
    function settle(): void {
      clearTimeout(late);
      tls.off('error', fail).off('close', closed).off('secure', succeed);
    }
  });
}
