import type { Server } from 'node:net';

/** Nothing can be served at an address; the message names the setting and says what is the matter. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/**
 * Listens at an address.
 * @param setting where the address comes from, such as the name of a variable
 * @throws ListenError
 */
export function listenAt(
  server: Server,
  { host, port }: { host: string; port: number },
  setting: string,
): Promise<void> {
  const place = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException) =>
      reject(new ListenError(`${setting}: ${reasonOf(error, place, host)}`, { cause: error }));
    server.once('error', refuse);
    server.listen(port, host, () => {
      server.off('error', refuse);
      resolve();
    });
  });
}

function reasonOf(error: NodeJS.ErrnoException, place: string, host: string): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `another program listens on ${place} already; stop it, or give another port`;
    case 'EACCES':
      return `this user may not listen on ${place}; ports below 1024 need CAP_NET_BIND_SERVICE, or a proxy in front`;
    case 'EADDRNOTAVAIL':
      return `this machine has no address ${host}`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `nobody knows where ${host} is`;
    default:
      return `cannot listen on ${place} (${error.code ?? error.message})`;
  }
}
