import type { ClientKind } from '../../domain/services/app-addresses.ts';
import { clientContradictions } from '../../domain/services/client-rules.ts';
import type { Path, Report } from './faults.ts';
import { type Raw, strings } from './raw.ts';

/** What makes a client contradict itself, by what the file says of it; what it lacks is told of the client. */
export function reportClient(report: Report, path: Path, client: Raw): void {
  const kind = (client.kind as ClientKind | undefined) ?? 'web';
  const faults = clientContradictions({
    // What a client is, it says: an address of a native app beside no word of it is a fault.
    kind,
    lanHttp: client.lanHttp === true,
    auth: client.auth ?? (kind === 'spa' ? 'none' : undefined),
    hasSecret: client.secret !== undefined,
    pkce: client.pkce,
    grants: client.grants === undefined ? ['authorization_code'] : strings(client.grants),
    redirectUris: strings(client.redirectUris),
    postLogoutRedirectUris: strings(client.postLogoutRedirectUris),
  });
  for (const { path: rest, fault } of faults) {
    const isThere = client[rest[0] as string] !== undefined;
    report(isThere ? [...path, ...rest] : path, fault);
  }
}
